#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// The products of rows `row`… and columns `column`… of a matrix, before the epilogue.
    struct ProductTile {
        var values: UnsafePointer<Float>
        var stride: Int
        var row: Int
        var column: Int
        var rows: Int
        var columns: Int
    }

    /// Applies the epilogue to a tile and stores it; the tile may be the output itself.
    @inline(__always)
    func finish(_ tile: ProductTile, _ epilogue: Epilogue, _ c: UnsafeMutablePointer<Float>, _ cStride: Int) {
        let scale = broadcast(epilogue.scale)
        finish(tile, epilogue, c, cStride) { index, column, lanes in
            let from = tile.values + (index &* tile.stride &+ column)
            return (lanes < laneCount ? load(from, first: lanes) : load(from)) * scale
        }
    }

    /// The same, compiled once for all products of a level.
    @inline(never)
    func finishTile(_ tile: ProductTile, _ epilogue: Epilogue, _ c: UnsafeMutablePointer<Float>, _ cStride: Int) {
        finish(tile, epilogue, c, cStride)
    }

    /// The same for values that `raw` finds: row and column in the tile, number of lanes that count.
    @inline(__always)
    func finish(
        _ tile: ProductTile, _ epilogue: Epilogue, _ c: UnsafeMutablePointer<Float>, _ cStride: Int,
        raw: (Int, Int, Int) -> Vector
    ) {
        switch epilogue.activation {
        case .linear: finish(tile, epilogue, c, cStride, raw) { value, _ in value }
        case .relu: finish(tile, epilogue, c, cStride, raw) { value, _ in larger(broadcast(0), value) }
        case .relu6: finish(tile, epilogue, c, cStride, raw) { value, _ in clamped(value, 0, 6) }
        case .reluN1To1: finish(tile, epilogue, c, cStride, raw) { value, _ in clamped(value, -1, 1) }
        case .gelu: finish(tile, epilogue, c, cStride, raw) { value, _ in gaussianErrorLinearUnit(value) }
        case .geluTanh: finish(tile, epilogue, c, cStride, raw) { value, _ in gaussianErrorLinearUnitByTangent(value) }
        case .silu: finish(tile, epilogue, c, cStride, raw) { value, _ in sigmoidLinearUnit(value) }
        case .tanh: finish(tile, epilogue, c, cStride, raw) { value, _ in hyperbolicTangent(value) }
        case .sigmoid: finish(tile, epilogue, c, cStride, raw) { value, _ in logistic(value) }
        case .prelu:
            guard let slopes = epilogue.slopes else { return }
            finish(tile, epilogue, c, cStride, raw) { value, column in
                let rest = tile.columns &- column
                let from = slopes + (tile.column &+ column)
                return sloped(value, rest < laneCount ? load(from, first: rest) : load(from))
            }
        }
    }

    @inline(__always)
    private func finish(
        _ tile: ProductTile, _ epilogue: Epilogue, _ c: UnsafeMutablePointer<Float>, _ cStride: Int,
        _ raw: (Int, Int, Int) -> Vector, _ activation: (_ value: Vector, _ column: Int) -> Vector
    ) {
        // Columns of the tile that the table has.
        let covered = epilogue.rowTableColumns &- tile.column
        var index = 0
        while index < tile.rows {
            let row = tile.row &+ index
            let to = c + (row &* cStride &+ tile.column)
            var table: UnsafePointer<Float>?
            if let rowTable = epilogue.rowTable, covered > 0 {
                table = rowTable + (row &* epilogue.rowTableStride &+ tile.column)
            }
            var other: UnsafePointer<Float>?
            if let residual = epilogue.residual { other = residual + (row &* epilogue.residualStride &+ tile.column) }
            var bias: UnsafePointer<Float>?
            if let values = epilogue.bias { bias = values + tile.column }
            var column = 0
            while column &+ laneCount <= tile.columns {
                var value = raw(index, column, laneCount)
                if let bias { value = value + load(bias + column) }
                if let table { value = value + loadCovered(table, column, laneCount, covered) }
                value = activation(value, column)
                if let other { value = value + load(other + column) }
                store(value, to + column)
                column &+= laneCount
            }
            let rest = tile.columns &- column
            if rest > 0 {
                var value = raw(index, column, rest)
                if let bias { value = value + load(bias + column, first: rest) }
                if let table { value = value + loadCovered(table, column, rest, covered) }
                value = activation(value, column)
                if let other { value = value + load(other + column, first: rest) }
                store(value, to + column, first: rest)
            }
            index &+= 1
        }
    }

    /// `lanes` values from column `column` of a row that has `covered` columns, 0 behind them.
    @inline(__always)
    private func loadCovered(_ row: UnsafePointer<Float>, _ column: Int, _ lanes: Int, _ covered: Int) -> Vector {
        let left = covered &- column
        if left <= 0 { return broadcast(0) }
        let count = left < lanes ? left : lanes
        return count < laneCount ? load(row + column, first: count) : load(row + column)
    }

    /// x < 0 ? slope·x : x; the other summand is 0. NaN stays.
    @inline(__always)
    func sloped(_ x: Vector, _ slopes: Vector) -> Vector {
        multiplyAdd(smaller(broadcast(0), x), slopes, larger(broadcast(0), x))
    }
#endif
