import EmotionFormerSystem
import EmotionFormerTensors

/// What `Tools/bench-tensors` measures beside NumPy.
extension Request {
    /// - Returns: nanoseconds of one call, for each repetition; the first call of all is not among them.
    func measure() throws -> [Double] {
        let extents = shape ?? []
        func numbers(_ shape: [Int]) throws -> Tensor<Float> {
            let count = shape.reduce(1, *)
            return try Tensor<Float>.evenlySpaced(from: 0.1, through: 1, count: count).reshaped(to: shape)
        }
        let x = try numbers(Array(extents.prefix(2)))
        switch name ?? "" {
        case "matmul":
            let y = try numbers([extents[1], extents[2]])
            return try timed { try x.matmul(y) }
        case "dense":
            let layer = try Dense(kernel: numbers([extents[1], extents[2]]))
            return try timed { try layer(x) }
        case "heads":
            let (q, k) = (try numbers(extents), try numbers(extents))
            return try timed { try q.matmul(k.transposed(0, 2, 1)) }
        case "add":
            let y = try numbers(Array(extents.prefix(2)))
            return try timed { x + y }
        case "addInPlace":
            let y = try numbers(Array(extents.prefix(2)))
            var sum = try numbers(Array(extents.prefix(2)))
            return try timed { sum += y }
        case "scaled": return try timed { x * 2 + 1 }
        case "greater": return try timed { x .> 0.5 }
        case "exp": return try timed { x.exp() }
        case "log": return try timed { x.log() }
        case "tanh": return try timed { x.tanh() }
        case "sum": return try timed { x.sum() }
        case "sumRows": return try timed { try x.sum(axes: 1) }
        case "sumColumns": return try timed { try x.sum(axes: 0) }
        case "max": return try timed { try x.max() }
        case "argMax": return try timed { try x.argMax() }
        case "transposed": return try timed { x.transposed().contiguous() }
        case "softmax": return try timed { try x.softmax() }
        case "layerNormalized": return try timed { try x.layerNormalized(epsilon: 1e-3) }
        case "memcpy":
            let target = UnsafeMutableRawPointer.allocate(byteCount: x.count * 4, alignment: 64)
            defer { target.deallocate() }
            return try x.withUnsafeBufferPointer { source in
                try timed { memcpy(target, UnsafeRawPointer(source.baseAddress.unsafelyUnwrapped), x.count * 4) }
            }
        default: throw ProbeError(line: "nothing is measured by the name \(name ?? "")")
        }
    }

    private func timed<Result>(_ body: () throws -> Result) throws -> [Double] {
        _ = try body()
        let clock = ContinuousClock()
        return try (0..<max(repetitions ?? 1, 1)).map { _ in
            let duration = try clock.measure { _ = try body() }
            return Double(duration.components.seconds) * 1e9 + Double(duration.components.attoseconds) / 1e9
        }
    }
}
