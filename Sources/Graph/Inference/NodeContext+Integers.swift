package import EmotionFormerCore

/// Integers that shapes depend on: attributes, or operands whose value is known.
extension NodeContext {
    func positive(_ name: String) throws(Fault) -> Int {
        let value = try attributes.integer(name)
        guard value > 0, value <= Int(Int32.max) else {
            throw Fault(
                .invalidValue, at: "attribute '\(name)'", "the number is out of range", found: "\(value)",
                expected: "1...\(Int32.max)")
        }
        return value
    }

    /// Two positive integers: of the height and of the width.
    func positivePair(_ name: String) throws(Fault) -> (Int, Int) {
        let values = try attributes.integers(name)
        guard values.count == 2, values.allSatisfy({ $0 > 0 && $0 <= Int(Int32.max) }) else {
            throw Fault(
                .invalidValue, at: "attribute '\(name)'", "not two numbers above zero", found: "\(values)",
                expected: "[height, width]")
        }
        return (values[0], values[1])
    }

    func nonNegative(_ name: String) throws(Fault) {
        let value = try attributes.number(name)
        guard value.isFinite, value >= 0 else {
            throw Fault(.invalidValue, at: "attribute '\(name)'", "the number is negative", found: "\(value)")
        }
    }

    func padding() throws(Fault) -> SlidingWindow.Padding {
        let text = try attributes.text("padding")
        guard let padding = SlidingWindow.Padding(rawValue: text) else {
            throw Fault(
                .unsupportedAttribute, at: "attribute 'padding'", "there is no such padding", found: "'\(text)'")
        }
        return padding
    }

    /// The attribute's axis of `shape`, counted from the front.
    func axis(_ name: String = "axis", of shape: Shape) throws(Fault) -> Int {
        do throws(Fault) {
            return try shape.axis(attributes.integer(name))
        } catch {
            throw error.within("attribute '\(name)'")
        }
    }

    /// The attribute's axes of `shape`, counted from the front, ascending.
    func axes(_ name: String = "axes", of shape: Shape) throws(Fault) -> [Int] {
        var axes: [Int] = []
        for axis in try attributes.integers(name) {
            do throws(Fault) {
                axes.append(try shape.axis(axis))
            } catch {
                throw error.within("attribute '\(name)'")
            }
        }
        guard Set(axes).count == axes.count else {
            throw Fault(.invalidValue, at: "attribute '\(name)'", "an axis is named twice", found: "\(axes)")
        }
        return axes.sorted()
    }

    /// Integers that come as the attribute `name` or as an operand: exactly one of them.
    /// - Returns: nil if the operand is known only at run time.
    package func integersIfKnown(_ name: String, operand index: Int) throws(Fault) -> [Int]? {
        let attribute = try attributes.optionalIntegers(name)
        guard let type = optionalOperand(index) else {
            guard let attribute else {
                throw Fault(.missingField, at: "", "neither the operand nor the attribute is given", expected: name)
            }
            return attribute
        }
        guard attribute == nil else {
            throw Fault(.invalidValue, at: place(index), "both the operand and the attribute are given")
        }
        try require(type, isOneOf: [.int32, .int64], at: place(index))
        return constant(index)?.tensor.integers
    }

    /// Integers that come as the attribute `name` or as an operand that is known.
    package func integers(_ name: String, operand index: Int) throws(Fault) -> [Int] {
        guard let integers = try integersIfKnown(name, operand: index) else {
            throw Fault(
                .unsupportedOperation, at: place(index), "the operand must be known before the model runs")
        }
        return integers
    }

    /// As `integers`, one for each of `count` axes.
    package func integers(_ name: String, operand index: Int, count: Int) throws(Fault) -> [Int] {
        let integers = try integers(name, operand: index)
        try requireCount(integers, count, name)
        return integers
    }

    func requireCount(_ integers: [Int], _ count: Int, _ name: String) throws(Fault) {
        guard integers.count == count else {
            throw Fault(
                .invalidValue, at: "'\(name)'", "wrong number of integers", found: "\(integers.count)",
                expected: "\(count)")
        }
    }
}

/// Sums and products of untrusted extents.
enum Extent {
    static func sum(_ a: Int, _ b: Int) throws(Fault) -> Int {
        let (value, overflow) = a.addingReportingOverflow(b)
        guard !overflow else { throw Fault(.sizeOverflow, at: "", "an extent overflows", found: "\(a) + \(b)") }
        return value
    }

    static func product(_ a: Int, _ b: Int) throws(Fault) -> Int {
        let (value, overflow) = a.multipliedReportingOverflow(by: b)
        guard !overflow else { throw Fault(.sizeOverflow, at: "", "an extent overflows", found: "\(a) · \(b)") }
        return value
    }
}
