import EmotionFormerCore
import EmotionFormerGraph

extension ReferenceStep {
    func reduction(_ kind: OperationFamily.Reduction) throws(Fault) -> [[Double]] {
        let input = try operand(0)
        return [
            Reduction(input.shape, try axes(of: input.shape)).groups().map { group in
                Self.reduced(group.map { input.elements[$0] }, kind, input.type.elementType)
            }
        ]
    }

    func scan(_ kind: OperationFamily.Scan) throws(Fault) -> [[Double]] {
        switch kind {
        case .argMaximum: try extremeIndex(>)
        case .argMinimum: try extremeIndex(<)
        case .cumulativeSum: [try cumulativeSum()]
        }
    }

    /// The first index along the axis whose element no other element is better than.
    private func extremeIndex(_ isBetter: (Double, Double) -> Bool) throws(Fault) -> [[Double]] {
        let input = try operand(0)
        let axis = try input.shape.axis(attributes.integer("axis"))
        return [
            AxisView(input.shape, axis).lines().map { line in
                var best = 0
                for (index, place) in line.enumerated()
                where isBetter(input.elements[place], input.elements[line[best]]) {
                    best = index
                }
                return Double(best)
            }
        ]
    }

    /// NaN if an element is.
    static func largest(_ elements: [Double]) -> Double? {
        elements.contains(where: \.isNaN) ? .nan : elements.max()
    }

    private static func reduced(
        _ elements: [Double], _ kind: OperationFamily.Reduction, _ elementType: ElementType
    ) -> Double {
        func integer(_ initial: Int, _ combine: (Int, Int) -> Int) -> Double {
            IntegerArithmetic.wrapped(elements.reduce(initial) { combine($0, Int($1)) }, elementType)
        }
        return switch kind {
        case .reduceSum: elementType.isInteger ? integer(0, &+) : elements.reduce(0, +)
        case .reduceProduct: elementType.isInteger ? integer(1, &*) : elements.reduce(1, *)
        case .reduceMean: elements.reduce(0, +) / Double(elements.count)
        case .reduceMaximum: largest(elements) ?? -.infinity
        case .reduceMinimum: largest(elements.map { -$0 }).map { -$0 } ?? .infinity
        case .reduceAny: elements.contains { $0 != 0 } ? 1 : 0
        case .reduceAll: elements.allSatisfy { $0 != 0 } ? 1 : 0
        }
    }

    private func cumulativeSum() throws(Fault) -> [Double] {
        let input = try operand(0)
        let axis = try input.shape.axis(attributes.integer("axis"))
        let (isExclusive, isReverse) = (try attributes.boolean("exclusive"), try attributes.boolean("reverse"))
        var output = input.elements
        for line in AxisView(input.shape, axis).lines() {
            var sum = 0.0
            for place in isReverse ? line.reversed() : line {
                let next = sum + input.elements[place]
                output[place] = isExclusive ? sum : next
                sum = next
            }
        }
        guard input.type.elementType.isInteger else { return output }
        var wrapped: [Double] = []
        for element in output {
            guard let integer = Int(exactly: element) else {
                throw Fault(.outOfBounds, at: "value", "a sum is too large for the reference")
            }
            wrapped.append(IntegerArithmetic.wrapped(integer, input.type.elementType))
        }
        return wrapped
    }
}
