import EmotionFormerCore
import EmotionFormerGraph

extension ReferenceStep {
    func normalization(_ kind: OperationFamily.Normalization) throws(Fault) -> [[Double]] {
        switch kind {
        case .layerNormalization: return [try normalized(centers: true)]
        case .rmsNormalization: return [try normalized(centers: false)]
        case .batchNormalization:
            let input = try operand(0)
            let view = AxisView(input.shape, try input.shape.axis(attributes.integer("axis")))
            let epsilon = try attributes.number("epsilon")
            let (mean, variance) = (try weight("mean").elements, try weight("variance").elements)
            let (gamma, beta) = (try optionalWeight("gamma")?.elements, try optionalWeight("beta")?.elements)
            return [
                input.elements.enumerated().map { place, x in
                    let channel = place / view.inner % view.extent
                    return (x - mean[channel]) / (variance[channel] + epsilon).squareRoot() * (gamma?[channel] ?? 1)
                        + (beta?[channel] ?? 0)
                }
            ]
        case .softmax: return [try softmax()]
        case .logSoftmax:
            let input = try operand(0)
            var output = input.elements
            for line in AxisView(input.shape, try input.shape.axis(attributes.integer("axis"))).lines() {
                let largest = line.map { input.elements[$0] }.max() ?? 0
                let sum = line.reduce(0) { $0 + Mathematics.exponential(input.elements[$1] - largest) }
                for place in line { output[place] = input.elements[place] - largest - Mathematics.logarithm(sum) }
            }
            return [output]
        }
    }

    private func normalized(centers: Bool) throws(Fault) -> [Double] {
        let input = try operand(0)
        let epsilon = try attributes.number("epsilon")
        let gamma = try optionalWeight("gamma")?.elements
        let beta = try optionalWeight("beta")?.elements
        var output = input.elements
        for line in Reduction(input.shape, try axes(of: input.shape)).groups() {
            let count = Double(line.count)
            let mean = centers ? line.reduce(0) { $0 + input.elements[$1] } / count : 0
            let variance =
                line.reduce(0) { $0 + (input.elements[$1] - mean) * (input.elements[$1] - mean) } / count
            let factor = 1 / (variance + epsilon).squareRoot()
            for (index, place) in line.enumerated() {
                output[place] = (input.elements[place] - mean) * factor * (gamma?[index] ?? 1) + (beta?[index] ?? 0)
            }
        }
        return output
    }

    private func softmax() throws(Fault) -> [Double] {
        let input = try operand(0)
        let beta = try attributes.number("beta")
        var scores = input.elements.map { $0 * beta }
        if let mask = optionalOperand(1) {
            for (place, offset) in try Offsets.broadcasting(mask.shape, to: input.shape).enumerated()
            where mask.elements[offset] == 0 {
                scores[place] = Self.maskedScore
            }
        }
        for line in Reduction(input.shape, try axes(of: input.shape)).groups() {
            for (place, value) in zip(line, Self.softmax(line.map { scores[$0] })) { scores[place] = value }
        }
        return scores
    }
}

/// The indices that are reduced together, and the remaining shape.
struct Reduction {
    private let shape: Shape
    private let axes: [Int]

    init(_ shape: Shape, _ axes: [Int]) {
        self.shape = shape
        self.axes = axes
    }

    /// For each index of the other axes, row-major, the offsets along the reduced axes, row-major.
    func groups() -> [[Int]] {
        let strides = shape.strides
        let others = (0..<shape.rank).filter { !axes.contains($0) }
        let inside = Offsets.of(axes.map { shape[$0] }, strides: axes.map { strides[$0] })
        return Offsets.of(others.map { shape[$0] }, strides: others.map { strides[$0] }).map { start in
            inside.map { start + $0 }
        }
    }
}
