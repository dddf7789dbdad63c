#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// The larger of two; NaN if either is.
    @inline(__always)
    func largerOrNaN(_ x: Vector, _ y: Vector) -> Vector { nanWhereNaN(larger(x, y), x, y) }

    /// The smaller of two; NaN if either is.
    @inline(__always)
    func smallerOrNaN(_ x: Vector, _ y: Vector) -> Vector { nanWhereNaN(smaller(x, y), x, y) }

    @inline(__always)
    private func zipVectors(
        _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ count: Int, _ combine: (Vector, Vector) -> Vector
    ) {
        var index = 0
        let whole = count &- laneCount
        while index <= whole {
            store(combine(load(left + index), load(right + index)), output + index)
            index &+= laneCount
        }
        let rest = count &- index
        if rest > 0 {
            let vector = combine(load(left + index, first: rest), load(right + index, first: rest))
            store(vector, output + index, first: rest)
        }
    }

    func binary(
        _ operation: BinaryOperation, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>,
        _ output: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        switch operation {
        case .add: zipVectors(left, right, output, count) { $0 + $1 }
        case .subtract: zipVectors(left, right, output, count) { $0 - $1 }
        case .multiply: zipVectors(left, right, output, count) { $0 * $1 }
        case .divide: zipVectors(left, right, output, count) { $0 / $1 }
        case .maximum: zipVectors(left, right, output, count) { largerOrNaN($0, $1) }
        case .minimum: zipVectors(left, right, output, count) { smallerOrNaN($0, $1) }
        case .squaredDifference:
            zipVectors(left, right, output, count) {
                let difference = $0 - $1
                return difference * difference
            }
        }
    }

    func binaryScalar(
        _ operation: BinaryOperation, _ left: UnsafePointer<Float>, _ right: Float, _ isReversed: Bool,
        _ output: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        let other = broadcast(right)
        switch operation {
        case .add: mapVectors(left, output, count) { $0 + other }
        case .subtract:
            if isReversed {
                mapVectors(left, output, count) { other - $0 }
            } else {
                mapVectors(left, output, count) { $0 - other }
            }
        case .multiply: mapVectors(left, output, count) { $0 * other }
        case .divide:
            if isReversed {
                mapVectors(left, output, count) { other / $0 }
            } else {
                mapVectors(left, output, count) { $0 / other }
            }
        case .maximum: mapVectors(left, output, count) { largerOrNaN(other, $0) }
        case .minimum: mapVectors(left, output, count) { smallerOrNaN(other, $0) }
        case .squaredDifference:
            mapVectors(left, output, count) {
                let difference = $0 - other
                return difference * difference
            }
        }
    }
#endif
