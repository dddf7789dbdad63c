#if EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    // The last step of most tiles: a whole panel's width, and no activation or the cheapest. What belongs to a column
    // is loaded once for all rows. Everything else goes the general way.

    /// What a vector of columns needs to turn raw products into values.
    struct PanelColumns {
        var scale: Vector
        var bias: Vector
        var sums: Integers
    }

    /// Applies the epilogue to a tile of a whole panel's width; false if it is not one of these.
    @inline(__always)
    func finishPanel(
        _ tile: ProductTile, _ epilogue: borrowing Epilogue, _ c: UnsafeMutablePointer<Float>, _ cStride: Int,
        _ columns: (Int) -> PanelColumns, _ value: (Int, Int, PanelColumns) -> Vector
    ) -> Bool {
        if tile.columns != panelWidth { return false }
        let hasTable = epilogue.rowTable != nil
        let covered = epilogue.rowTableColumns
        if hasTable && covered < tile.column &+ panelWidth { return false }
        switch epilogue.activation {
        case .linear: finishRows(tile, epilogue, c, cStride, columns, value) { $0 }
        case .relu: finishRows(tile, epilogue, c, cStride, columns, value) { larger(broadcast(0), $0) }
        default: return false
        }
        return true
    }

    @inline(__always)
    private func finishRows(
        _ tile: ProductTile, _ epilogue: borrowing Epilogue, _ c: UnsafeMutablePointer<Float>, _ cStride: Int,
        _ columns: (Int) -> PanelColumns, _ value: (Int, Int, PanelColumns) -> Vector, _ activation: (Vector) -> Vector
    ) {
        let left = columns(0)
        let right = columns(laneCount)
        var to = c + (tile.row &* cStride &+ tile.column)
        var table: UnsafePointer<Float>?
        if let all = epilogue.rowTable { table = all + (tile.row &* epilogue.rowTableStride &+ tile.column) }
        var other: UnsafePointer<Float>?
        if let all = epilogue.residual { other = all + (tile.row &* epilogue.residualStride &+ tile.column) }
        var row = 0
        while row < tile.rows {
            var first = value(row, 0, left)
            var second = value(row, laneCount, right)
            if let address = table {
                first = first + load(address)
                second = second + load(address + laneCount)
                table = address + epilogue.rowTableStride
            }
            first = activation(first)
            second = activation(second)
            if let address = other {
                first = first + load(address)
                second = second + load(address + laneCount)
                other = address + epilogue.residualStride
            }
            store(first, to)
            store(second, to + laneCount)
            to += cStride
            row &+= 1
        }
    }
#endif
