import EmotionFormerKernels

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Plain float64 versions of what the kernels compute.
enum Oracle {
    /// - Parameter slope: of `prelu`.
    static func activation(_ activation: Activation, _ x: Double, slope: Double = 1) -> Double {
        switch activation {
        case .linear: x
        case .relu: max(0, x)
        case .relu6: min(max(0, x), 6)
        case .reluN1To1: min(max(-1, x), 1)
        case .gelu: unary(.gelu, x, 0, 0)
        case .geluTanh: unary(.geluTanh, x, 0, 0)
        case .silu: unary(.silu, x, 0, 0)
        case .tanh: tanh(x)
        case .sigmoid: unary(.sigmoid, x, 0, 0)
        case .prelu: x < 0 ? slope * x : x
        }
    }

    static func unary(_ operation: UnaryOperation, _ x: Double, _ alpha: Double, _ beta: Double) -> Double {
        switch operation {
        case .copy: return x
        case .negate: return -x
        case .absolute: return abs(x)
        case .square: return x * x
        case .squareRoot: return x.squareRoot()
        case .reciprocalSquareRoot: return 1 / x.squareRoot()
        case .exponential: return exp(x)
        case .logarithm: return log(x)
        case .tanh: return tanh(x)
        case .sigmoid: return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
        case .errorFunction: return erf(x)
        case .gelu: return x == -.infinity ? 0 : 0.5 * x * erfc(-x / 2.0.squareRoot())
        case .geluTanh:
            if x.isInfinite { return x < 0 ? 0 : x }
            return 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .silu: return x == -.infinity ? 0 : x * unary(.sigmoid, x, 0, 0)
        case .relu: return x < 0 ? 0 : x
        case .relu6: return x < 0 ? 0 : (x > 6 ? 6 : x)
        case .reluN1To1: return x < -1 ? -1 : (x > 1 ? 1 : x)
        case .leakyRelu: return x < 0 ? alpha * x : x
        case .elu: return x < 0 ? alpha * expm1(x) : x
        case .selu: return 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * expm1(x) : x)
        case .softplus: return max(x, 0) + log1p(exp(-abs(x)))
        case .softsign: return x / (1 + abs(x))
        case .hardSigmoid: return min(max(alpha * x + beta, 0), 1)
        case .hardSilu: return x * min(max(x / 6 + 0.5, 0), 1)
        case .mish: return x * tanh(unary(.softplus, x, 0, 0))
        case .clamp: return min(max(x, alpha), beta)
        case .affine: return alpha * x + beta
        }
    }

    /// A·B, row-major; strides of both operands in elements.
    static func product(
        _ a: UnsafePointer<Float>, _ aRow: Int, _ aColumn: Int, _ b: UnsafePointer<Float>, _ bRow: Int, _ bColumn: Int,
        m: Int, k: Int, n: Int
    ) -> [Double] {
        var result = [Double](repeating: 0, count: m * n)
        for row in 0..<m {
            for column in 0..<n {
                var sum = 0.0
                for index in 0..<k {
                    sum += Double(a[row * aRow + index * aColumn]) * Double(b[index * bRow + column * bColumn])
                }
                result[row * n + column] = sum
            }
        }
        return result
    }

    static func softmax(_ scores: [Double]) -> [Double] {
        let top = scores.max() ?? 0
        let powers = scores.map { exp($0 - top) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
