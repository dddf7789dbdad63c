#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// The same for panels that have fewer columns than others, or a table that has; and for every cheap activation. It
    /// takes longer to make, and serves many blocks of rows.
    struct PanelTarget: RowTarget {
        private let scale: Vector
        private let leftBias: Vector
        private let rightBias: Vector
        /// What values are raised to, −∞ if to nothing, and lowered to; unless they have slopes.
        private let least: Vector
        private let most: Vector
        private let hasSlopes: Bool
        private let leftSlopes: Vector
        private let rightSlopes: Vector
        private var c: UnsafeMutablePointer<Float>
        private let cStride: Int
        private var table: UnsafePointer<Float>?
        private let tableStride: Int
        private var residual: UnsafePointer<Float>?
        private let residualStride: Int
        /// Whether the panel has all its columns, and the table all of these.
        private let isWhole: Bool
        /// Columns of the panel, and those of the table, in the left vector and in the right one.
        private let leftCount: Int
        private let rightCount: Int
        private let leftTableCount: Int
        private let rightTableCount: Int

        @inline(__always) static func serves(_ epilogue: borrowing Epilogue) -> Bool {
            switch epilogue.activation {
            case .linear, .relu, .relu6, .reluN1To1: true
            case .prelu: epilogue.slopes != nil
            default: false
            }
        }

        /// Columns `column`… of the product, from row `row`; a panel's width, or those that the product has.
        @inline(__always)
        init(_ product: borrowing PackedProduct, _ row: Int, _ column: Int) {
            let epilogue = product.epilogue
            let width = product.n &- column < panelWidth ? product.n &- column : panelWidth
            let covered = epilogue.rowTable == nil ? panelWidth : epilogue.rowTableColumns &- column
            leftCount = Self.lanes(width)
            rightCount = Self.lanes(width &- laneCount)
            leftTableCount = Self.lanes(covered < width ? covered : width)
            rightTableCount = Self.lanes((covered < width ? covered : width) &- laneCount)
            isWhole = width == panelWidth && covered >= panelWidth
            scale = broadcast(epilogue.scale)
            leftBias = Self.columns(epilogue.bias, column, leftCount, orElse: -0.0)
            rightBias = Self.columns(epilogue.bias, column &+ laneCount, rightCount, orElse: -0.0)
            hasSlopes = epilogue.activation == .prelu
            if epilogue.activation == .prelu {
                leftSlopes = Self.columns(epilogue.slopes, column, leftCount, orElse: 1)
                rightSlopes = Self.columns(epilogue.slopes, column &+ laneCount, rightCount, orElse: 1)
            } else {
                leftSlopes = broadcast(1)
                rightSlopes = leftSlopes
            }
            switch epilogue.activation {
            case .relu:
                least = broadcast(0)
                most = broadcast(.infinity)
            case .relu6:
                least = broadcast(0)
                most = broadcast(6)
            case .reluN1To1:
                least = broadcast(-1)
                most = broadcast(1)
            default:
                least = broadcast(-.infinity)
                most = broadcast(.infinity)
            }
            c = product.c + (row &* product.cStride &+ column)
            cStride = product.cStride
            if let all = epilogue.rowTable, covered > 0 { table = all + (row &* epilogue.rowTableStride &+ column) }
            tableStride = epilogue.rowTableStride
            if let all = epilogue.residual { residual = all + (row &* epilogue.residualStride &+ column) }
            residualStride = epilogue.residualStride
        }

        /// As many of the columns as a vector has lanes; none if there are none.
        @inline(__always) private static func lanes(_ columns: Int) -> Int {
            columns < 0 ? 0 : columns < laneCount ? columns : laneCount
        }

        @inline(__always)
        private static func columns(
            _ values: UnsafePointer<Float>?, _ column: Int, _ count: Int, orElse value: Float
        ) -> Vector {
            guard let values else { return broadcast(value) }
            if count == laneCount { return load(values + column) }
            return count > 0 ? load(values + column, first: count) : broadcast(value)
        }

        /// Stores the next row.
        @inline(__always)
        mutating func put(_ left: Vector, _ right: Vector) {
            if !isWhole { return rightCount > 0 ? putPart(left, right) : putLeft(left) }
            var one = left * scale + leftBias
            var other = right * scale + rightBias
            if let from = table {
                one = one + load(from)
                other = other + load(from + laneCount)
                table = from + tableStride
            }
            one = activated(one, leftSlopes)
            other = activated(other, rightSlopes)
            if let from = residual {
                one = one + load(from)
                other = other + load(from + laneCount)
                residual = from + residualStride
            }
            store(one, c)
            store(other, c + laneCount)
            c += cStride
        }

        /// Stores the next row of a panel that has columns in its left half alone.
        @inline(__always)
        private mutating func putLeft(_ left: Vector) {
            if leftCount < laneCount || leftTableCount < laneCount { return putPart(left) }
            var one = left * scale + leftBias
            if let from = table {
                one = one + load(from)
                table = from + tableStride
            }
            one = activated(one, leftSlopes)
            if let from = residual {
                one = one + load(from)
                residual = from + residualStride
            }
            store(one, c)
            c += cStride
        }

        @inline(__always)
        private mutating func putPart(_ left: Vector, _ right: Vector) {
            var one = left * scale + leftBias
            var other = right * scale + rightBias
            if let from = table {
                one = one + load(from, first: leftTableCount)
                if rightTableCount > 0 { other = other + load(from + laneCount, first: rightTableCount) }
                table = from + tableStride
            }
            one = activated(one, leftSlopes)
            other = activated(other, rightSlopes)
            if let from = residual {
                one = one + load(from, first: leftCount)
                if rightCount > 0 { other = other + load(from + laneCount, first: rightCount) }
                residual = from + residualStride
            }
            put(one, at: c, leftCount)
            if rightCount > 0 { put(other, at: c + laneCount, rightCount) }
            c += cStride
        }

        @inline(__always)
        private mutating func putPart(_ left: Vector) {
            var one = left * scale + leftBias
            if let from = table {
                one = one + load(from, first: leftTableCount)
                table = from + tableStride
            }
            one = activated(one, leftSlopes)
            if let from = residual {
                one = one + load(from, first: leftCount)
                residual = from + residualStride
            }
            put(one, at: c, leftCount)
            c += cStride
        }

        @inline(__always)
        private func put(_ value: Vector, at address: UnsafeMutablePointer<Float>, _ count: Int) {
            if count == laneCount { store(value, address) } else { storePart(value, address, count) }
        }

        @inline(__always)
        private func activated(_ x: Vector, _ slopes: Vector) -> Vector {
            // This operand order of smaller and larger preserves NaN.
            hasSlopes ? sloped(x, slopes) : larger(least, smaller(most, x))
        }
    }
#endif
