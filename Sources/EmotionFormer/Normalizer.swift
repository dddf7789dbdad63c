package import EmotionFormerCore

/// (x − mean) / (std + epsilon) in 32-bit floats, in NumPy's order of operations.
package struct Normalizer: Sendable {
    /// Either one row of features, or one row for each frame.
    private let mean: [Float]
    private let divisor: [Float]
    private let features: Int
    /// Whether the statistics differ between frames.
    let hasRowForEachFrame: Bool

    /// - Parameters:
    ///   - mean, standardDeviation: of any shape that broadcasts to frames × features, leading axes of 1 included.
    /// - Throws: `shapeMismatch`, `notFinite`; `invalidValue`, with the feature, where std + epsilon is 0.
    package init(
        mean: Tensor, standardDeviation: Tensor, epsilon: Double, frames: Int, features: Int
    ) throws(Fault) {
        let frame = try Shape([frames, features])
        let shapes = [try Normalizer.squeezed(mean.shape), try Normalizer.squeezed(standardDeviation.shape)]
        let target = shapes.contains { $0.rank == 2 && $0[0] > 1 } ? frame : try Shape([1, features])
        self.features = features
        let means = try Normalizer.spread(mean, shapes[0], to: target, name: "mean")
        let deviations = try Normalizer.spread(standardDeviation, shapes[1], to: target, name: "standard deviation")
        // Statistics of whole arrays often repeat the same row for each frame.
        hasRowForEachFrame = !Normalizer.isPeriodic(means, features) || !Normalizer.isPeriodic(deviations, features)
        self.mean = hasRowForEachFrame ? means : Array(means.prefix(features))
        divisor = (hasRowForEachFrame ? deviations : Array(deviations.prefix(features))).map { $0 + Float(epsilon) }
        if let zero = divisor.firstIndex(where: { $0 == 0 || !$0.isFinite }) {
            throw Fault(
                .invalidValue, at: "normalization: feature \(zero % features)",
                "the standard deviation plus epsilon cannot divide", found: "\(divisor[zero])",
                expected: "a positive number; set epsilon where a feature never changes")
        }
    }

    /// The shape without leading axes of extent 1, down to two axes.
    private static func squeezed(_ shape: Shape) throws(Fault) -> Shape {
        var extents = shape.extents
        while extents.count > 2, extents[0] == 1 { extents.removeFirst() }
        return try Shape(extents)
    }

    private static func spread(
        _ tensor: Tensor, _ shape: Shape, to target: Shape, name: String
    ) throws(Fault) -> [Float] {
        let strides: [Int]
        do throws(Fault) {
            strides = try shape.strides(broadcastTo: target)
        } catch {
            throw Fault(
                .shapeMismatch, at: "normalization: \(name)", "the shape does not broadcast to frames × features",
                found: "\(tensor.shape)", expected: "\(target)")
        }
        let values = tensor.doubles.map { Float($0) }
        guard values.allSatisfy(\.isFinite) else {
            throw Fault(.notFinite, at: "normalization: \(name)", "a value is not a finite number")
        }
        return (0..<target[0]).flatMap { frame in
            (0..<target[1]).map { values[frame &* strides[0] &+ $0 &* strides[1]] }
        }
    }

    /// Whether every row of `length` numbers equals the first one.
    private static func isPeriodic(_ values: [Float], _ length: Int) -> Bool {
        values.count <= length || zip(values, values.dropFirst(length)).allSatisfy { $0.bitPattern == $1.bitPattern }
    }

    /// Normalizes one frame in place; `frame` is its place in the model's input.
    package func apply(to row: UnsafeMutableBufferPointer<Float>, frame: Int) {
        let start = hasRowForEachFrame ? frame &* features : 0
        for index in 0..<features {
            row[index] = (row[index] - mean[start &+ index]) / divisor[start &+ index]
        }
    }
}
