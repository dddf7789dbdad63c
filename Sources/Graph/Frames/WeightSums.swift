import EmotionFormerCore

/// Sums of the magnitudes of matrices' columns, each computed once.
final class WeightSums {
    private struct Key: Hashable {
        let kernel: ObjectIdentifier
        let shape: Shape
        let outputAxis: Int
    }

    private var known: [Key: Double?] = [:]
    /// No other tensor can take the identity of these.
    private var kernels: [StoredTensor] = []

    /// At least the largest sum of a column's magnitudes; nil if it is not finite, or the kernel is no matrix.
    func largest(_ kernel: StoredTensor, outputAxis: Int) -> Double? {
        let key = Key(kernel: kernel.tensor.identity, shape: kernel.tensor.shape, outputAxis: outputAxis)
        if let found = known[key] { return found }
        let sum = WeightSums.sum(kernel, outputAxis: outputAxis)
        known.updateValue(sum, forKey: key)
        kernels.append(kernel)
        return sum
    }

    private static func sum(_ kernel: StoredTensor, outputAxis: Int) -> Double? {
        let shape = kernel.tensor.shape
        guard shape.rank == 2, shape.elementCount > 0 else { return nil }
        let terms = shape[1 - outputAxis]
        if let quantization = kernel.quantization {
            guard kernel.tensor.elementType == .int8, let scale = quantization.scales.max() else { return nil }
            return Double(scale) * 128 * Double(terms)
        }
        guard kernel.tensor.elementType == .float32 else {
            return ValueRange(kernel).map { $0.magnitude * Double(terms) }
        }
        return kernel.tensor.withUnsafeBytes { bytes in
            let weights = bytes.bindMemory(to: Float.self)
            let (rows, columns) = (shape[0], shape[1])
            if outputAxis == 0 {
                var largest: Float = 0
                for row in 0..<rows {
                    var sum = SIMD8<Float>.zero
                    var column = 0
                    while column + 8 <= columns {
                        for lane in 0..<8 { sum[lane] += weights[row * columns + column + lane].magnitude }
                        column += 8
                    }
                    var total = sum.sum()
                    while column < columns {
                        total += weights[row * columns + column].magnitude
                        column += 1
                    }
                    largest = total > largest || total.isNaN ? total : largest
                }
                return largest.isFinite ? Double(largest) : nil
            }
            var sums = [Float](repeating: 0, count: columns)
            for row in 0..<rows {
                for column in 0..<columns { sums[column] += weights[row * columns + column].magnitude }
            }
            guard let largest = sums.max(), sums.allSatisfy(\.isFinite) else { return nil }
            return Double(largest)
        }
    }
}
