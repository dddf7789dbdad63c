#if EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    // Attention weights as powers of 2.

    private typealias Bits = SIMD8<Int32>

    /// 2ⁿ, where n + 127 stands in the last bits of `shifted`.
    @inline(__always) private func power(_ shifted: Vector) -> Vector {
        unsafeBitCast(unsafeBitCast(shifted, to: Bits.self) &<< 23, to: Vector.self)
    }

    /// Half of the attention weight 2^((score − top)·factor). A common factor of all weights does not change a softmax.
    ///
    /// `top` is the row's largest score. The difference is computed first, so that it is exactly 0 for the largest
    /// score and negative for the others; score·factor and top·factor would be rounded separately.
    struct SoftmaxWeights {
        private let factor: Vector
        /// The difference whose exponent is −126.
        private let least: Vector

        /// `factor` > 0
        @inline(__always) init(factor: Float) {
            self.factor = broadcast(factor)
            least = broadcast(leastDifference(-126, factor))
        }

        /// Within 2 units in the last place; 0 for exponents below −125.5. NaN stays.
        @inline(__always) func callAsFunction(_ score: Vector, _ top: Vector) -> Vector {
            // This operand order preserves NaN.
            let difference = larger(least, score - top)
            // 1.5·2²³: the sum's last bits are the whole part, raised by 126 to be an exponent's bits. Those of −126
            // are 0.
            let shifter = broadcast(12_582_912 + 126)
            let shifted = multiplyAdd(difference, factor, shifter)
            let rest = multiplyAdd(difference, factor, shifter - shifted)
            // A multiplication, because adding to the exponent's bits would turn NaN into a number.
            return powerOfTwoNearZero(rest) * power(shifted)
        }
    }

    /// 2^(score·factor − top) for exponents that are known to be −126…126.
    struct BoundedWeights {
        /// Floats that `prepare` writes.
        @inline(__always) static var constantCount: Int { laneCount }

        private let factor: Vector

        /// - Parameter constants: from `prepare`.
        @inline(__always) init(_ constants: UnsafePointer<Float>) { factor = load(constants) }

        static func prepare(factor: Float, _ constants: UnsafeMutablePointer<Float>) {
            store(broadcast(factor), constants)
        }

        /// The start value of a row's weights: 1.5·2²³ − `top`, rounded to an integer, the same for all weights of the
        /// row.
        @inline(__always) static func start(top: Float) -> Float { 12_582_912 - top }

        /// Within 2 units in the last place.
        @inline(__always) func callAsFunction(_ score: Vector, _ start: Vector) -> Vector {
            let shifted = multiplyAdd(score, factor, start)
            // Both are exact except for the last bit of the rest: a large top costs no accuracy.
            let near = powerOfTwoNearZero(multiplyAdd(score, factor, start - shifted))
            let exponent = unsafeBitCast(shifted, to: Bits.self) &<< 23
            return unsafeBitCast(unsafeBitCast(near, to: Bits.self) &+ exponent, to: Vector.self)
        }
    }
#endif
