#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    @inline(__always)
    func mapVectors(
        _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ count: Int,
        _ transform: (Vector) -> Vector
    ) {
        var index = 0
        let whole = count &- laneCount
        while index <= whole {
            store(transform(load(input + index)), output + index)
            index &+= laneCount
        }
        let rest = count &- index
        if rest > 0 { store(transform(load(input + index, first: rest)), output + index, first: rest) }
    }

    @inline(__always) func clamped(_ x: Vector, _ low: Float, _ high: Float) -> Vector {
        larger(broadcast(low), smaller(broadcast(high), x))
    }

    func unary(
        _ operation: UnaryOperation, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ count: Int, _ alpha: Float, _ beta: Float
    ) {
        let zero = broadcast(0)
        let one = broadcast(1)
        let a = broadcast(alpha)
        let b = broadcast(beta)
        switch operation {
        case .copy: mapVectors(input, output, count) { $0 }
        case .negate: mapVectors(input, output, count) { broadcast(-0.0) - $0 }
        case .absolute: mapVectors(input, output, count) { magnitude($0) }
        case .square: mapVectors(input, output, count) { $0 * $0 }
        case .squareRoot: mapVectors(input, output, count) { squareRoot($0) }
        case .reciprocalSquareRoot: mapVectors(input, output, count) { one / squareRoot($0) }
        case .exponential: mapVectors(input, output, count) { exponential($0) }
        case .logarithm: mapVectors(input, output, count) { logarithm($0) }
        case .tanh: mapVectors(input, output, count) { hyperbolicTangent($0) }
        case .sigmoid: mapVectors(input, output, count) { logistic($0) }
        case .errorFunction: mapVectors(input, output, count) { errorFunction($0) }
        case .gelu: mapVectors(input, output, count) { gaussianErrorLinearUnit($0) }
        case .geluTanh: mapVectors(input, output, count) { gaussianErrorLinearUnitByTangent($0) }
        case .silu: mapVectors(input, output, count) { sigmoidLinearUnit($0) }
        case .relu: mapVectors(input, output, count) { larger(zero, $0) }
        case .relu6: mapVectors(input, output, count) { clamped($0, 0, 6) }
        case .reluN1To1: mapVectors(input, output, count) { clamped($0, -1, 1) }
        case .leakyRelu: mapVectors(input, output, count) { whereLess($0, zero, $0 * a, $0) }
        case .elu: mapVectors(input, output, count) { whereLess($0, zero, exponentialMinusOne($0) * a, $0) }
        case .selu:
            mapVectors(input, output, count) {
                broadcast(1.050_700_99) * whereLess($0, zero, exponentialMinusOne($0) * broadcast(1.673_263_24), $0)
            }
        case .softplus: mapVectors(input, output, count) { softplus($0) }
        case .softsign: mapVectors(input, output, count) { $0 / (one + magnitude($0)) }
        case .hardSigmoid: mapVectors(input, output, count) { clamped(multiplyAdd($0, a, b), 0, 1) }
        case .hardSilu:
            mapVectors(input, output, count) {
                $0 * clamped(multiplyAdd($0, broadcast(1.0 / 6.0), broadcast(0.5)), 0, 1)
            }
        case .mish: mapVectors(input, output, count) { $0 * hyperbolicTangent(softplus($0)) }
        case .clamp: mapVectors(input, output, count) { smaller(b, larger(a, $0)) }
        case .affine: mapVectors(input, output, count) { multiplyAdd($0, a, b) }
        }
    }
#endif
