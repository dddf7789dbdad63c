/// Arrays in JSON.
enum NestedArray {
    /// Elements as nested arrays of a shape; a tensor without axes is its element.
    static func text(_ elements: [String], _ shape: some Collection<Int>) -> String {
        text(elements[...], Array(shape)[...])
    }

    private static func text(_ elements: ArraySlice<String>, _ shape: ArraySlice<Int>) -> String {
        guard let extent = shape.first else { return elements.first ?? "null" }
        guard extent > 0 else { return "[]" }
        let size = elements.count / extent
        let parts = (0..<extent).map { index in
            let start = elements.startIndex + index * size
            return text(elements[start..<start + size], shape.dropFirst())
        }
        return "[\(parts.joined(separator: ","))]"
    }
}

/// Numbers in JSON.
enum JSONNumber {
    /// The shortest form that reads back as the same 32-bit float, or the integer; null if it is not finite.
    static func text(_ number: Double) -> String {
        guard number.isFinite else { return "null" }
        if number == number.rounded(), number.magnitude < 0x1p53, Double(Float(number)) != number {
            return "\(Int(number))"
        }
        return "\(Float(number))"
    }
}
