import EmotionFormerGraph
import EmotionFormerTensors

extension ReferenceStep {
    func reductions() throws(Fault) -> [[Double]]? {
        switch node.operation {
        case .reduceSum, .reduceMean, .reduceMaximum, .reduceMinimum, .reduceProduct, .reduceAny, .reduceAll:
            let input = try operand(0)
            var results: [Double] = []
            for group in Reduction(input.shape, try axes(of: input.shape)).groups() {
                results.append(try reduced(group.map { input.elements[$0] }, input.type.elementType))
            }
            return [results]
        case .argMaximum, .argMinimum:
            let input = try operand(0)
            let axis = try input.shape.axis(attributes.integer("axis"))
            return [
                AxisView(input.shape, axis).lines().map { line in
                    var best = 0
                    for (index, place) in line.enumerated() {
                        let (x, y) = (input.elements[place], input.elements[line[best]])
                        if node.operation == .argMaximum ? x > y : x < y { best = index }
                    }
                    return Double(best)
                }
            ]
        case .cumulativeSum: return [try cumulativeSum()]
        default: return nil
        }
    }

    /// NaN if an element is.
    static func largest(_ elements: [Double]) -> Double? {
        elements.contains(where: \.isNaN) ? .nan : elements.max()
    }

    private func reduced(_ elements: [Double], _ elementType: ElementType) throws(Fault) -> Double {
        switch node.operation {
        case .reduceMean: return elements.reduce(0, +) / Double(elements.count)
        case .reduceMaximum: return Self.largest(elements) ?? -.infinity
        case .reduceMinimum: return Self.largest(elements.map { -$0 }).map { -$0 } ?? .infinity
        case .reduceAny: return elements.contains { $0 != 0 } ? 1 : 0
        case .reduceAll: return elements.allSatisfy { $0 != 0 } ? 1 : 0
        default: break
        }
        let isSum = node.operation == .reduceSum
        guard elementType.isInteger else { return isSum ? elements.reduce(0, +) : elements.reduce(1, *) }
        var result = isSum ? 0 : 1
        for element in elements { result = isSum ? result &+ Int(element) : result &* Int(element) }
        return IntegerArithmetic.wrapped(result, elementType)
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
