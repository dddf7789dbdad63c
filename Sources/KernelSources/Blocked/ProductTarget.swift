#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Where the rows of a panel's products go, straight from the registers in which they were summed.
    protocol RowTarget {
        /// Stores the next row.
        mutating func put(_ left: Vector, _ right: Vector)
    }

    /// Where the rows of a whole panel of products go, straight from the registers in which they were summed: for the
    /// epilogues of most products, those without an activation or with the cheapest.
    struct ProductTarget: RowTarget {
        private let scale: Vector
        private let leftBias: Vector
        private let rightBias: Vector
        /// What values are raised to: −∞ or 0.
        private let least: Vector
        private var c: UnsafeMutablePointer<Float>
        private let cStride: Int
        private var table: UnsafePointer<Float>?
        private let tableStride: Int
        private var residual: UnsafePointer<Float>?
        private let residualStride: Int

        @inline(__always) static func serves(_ activation: Activation) -> Bool {
            leastValue(activation) != nil
        }

        /// What values are raised to: −∞ or 0; nil for other activations.
        @inline(__always) static func leastValue(_ activation: Activation) -> Float? {
            switch activation {
            case .linear: -.infinity
            case .relu: 0
            default: nil
            }
        }

        /// Whether whole panels of a product have such an end.
        @inline(__always) static func serves(_ epilogue: borrowing Epilogue, _ n: Int) -> Bool {
            let hasTable = epilogue.rowTable != nil
            let covered = epilogue.rowTableColumns
            return serves(epilogue.activation) && (!hasTable || covered >= n)
        }

        @inline(__always)
        init(_ product: borrowing PackedProduct, _ row: Int, _ column: Int) {
            let epilogue = product.epilogue
            scale = broadcast(epilogue.scale)
            if let bias = epilogue.bias {
                leftBias = load(bias + column)
                rightBias = load(bias + (column &+ laneCount))
            } else {
                leftBias = broadcast(-0.0)
                rightBias = leftBias
            }
            least = broadcast(Self.leastValue(epilogue.activation) ?? -.infinity)
            c = product.c + (row &* product.cStride &+ column)
            cStride = product.cStride
            if let all = epilogue.rowTable { table = all + (row &* epilogue.rowTableStride &+ column) }
            tableStride = epilogue.rowTableStride
            if let all = epilogue.residual { residual = all + (row &* epilogue.residualStride &+ column) }
            residualStride = epilogue.residualStride
        }

        /// Stores the next row.
        @inline(__always)
        mutating func put(_ left: Vector, _ right: Vector) {
            var one = left * scale + leftBias
            var other = right * scale + rightBias
            if let from = table {
                one = one + load(from)
                other = other + load(from + laneCount)
                table = from + tableStride
            }
            one = larger(least, one)
            other = larger(least, other)
            if let from = residual {
                one = one + load(from)
                other = other + load(from + laneCount)
                residual = from + residualStride
            }
            store(one, c)
            store(other, c + laneCount)
            c += cStride
        }
    }
#endif
