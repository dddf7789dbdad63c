#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    @inline(__always)
    private func combined(_ operation: Reduction, _ x: Vector, _ y: Vector) -> Vector {
        switch operation {
        case .sum, .mean: x + y
        case .maximum: largerOrNaN(x, y)
        case .minimum: smallerOrNaN(x, y)
        }
    }

    func reduceRows(
        _ operation: Reduction, _ input: UnsafePointer<Float>, _ stride: Int, _ output: UnsafeMutablePointer<Float>,
        _ rows: Int, _ columns: Int
    ) {
        var row = 0
        while row < rows {
            let from = input + row &* stride
            switch operation {
            case .sum: output[row] = sum(from, columns)
            case .mean: output[row] = sum(from, columns) / Float(columns)
            case .maximum: output[row] = isNumbers(from, columns) ? largest(from, columns) : .nan
            case .minimum: output[row] = isNumbers(from, columns) ? smallest(from, columns) : .nan
            }
            row &+= 1
        }
    }

    @inline(__always)
    func sum(_ input: UnsafePointer<Float>, _ count: Int) -> Float {
        var total = broadcast(0)
        var index = 0
        while index &+ laneCount <= count {
            total = total + load(input + index)
            index &+= laneCount
        }
        let rest = count &- index
        if rest > 0 { total = total + load(input + index, first: rest) }
        return sumOfLanes(total)
    }

    @inline(__always)
    func sumOfSquares(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
        var sum = broadcast(0)
        var index = 0
        while index &+ laneCount <= count {
            let value = load(values + index)
            sum = multiplyAdd(value, value, sum)
            index &+= laneCount
        }
        let rest = count &- index
        if rest > 0 {
            let value = load(values + index, first: rest)
            sum = multiplyAdd(value, value, sum)
        }
        return sumOfLanes(sum)
    }

    /// Whether no value is NaN: the largest and the smallest of the others would hide it.
    @inline(__always)
    private func isNumbers(_ input: UnsafePointer<Float>, _ count: Int) -> Bool {
        var found = broadcast(0)
        var index = 0
        while index &+ laneCount <= count {
            let values = load(input + index)
            found = nanWhereNaN(found, values, values)
            index &+= laneCount
        }
        let rest = count &- index
        if rest > 0 {
            let values = load(input + index, first: rest)
            found = nanWhereNaN(found, values, values)
        }
        return sumOfLanes(found) == 0
    }

    @inline(__always)
    func smallest(_ input: UnsafePointer<Float>, _ count: Int) -> Float {
        var best = broadcast(.infinity)
        var index = 0
        while index &+ laneCount <= count {
            best = smaller(best, load(input + index))
            index &+= laneCount
        }
        let rest = count &- index
        if rest > 0 { best = smaller(best, load(input + index, first: rest, padding: .infinity)) }
        return smallestLane(best)
    }

    /// One vector of columns at a time, rows in order: the result does not depend on how columns are divided.
    func reduceColumns(
        _ operation: Reduction, _ input: UnsafePointer<Float>, _ stride: Int, _ output: UnsafeMutablePointer<Float>,
        _ rows: Int, _ columns: Int
    ) {
        let divisor: Float
        switch operation {
        case .mean: divisor = Float(rows)
        case .sum, .maximum, .minimum: divisor = 1
        }
        var column = 0
        while column < columns {
            let lanes = columns &- column
            var row = 1
            if lanes >= laneCount {
                var total = load(input + column)
                while row < rows {
                    total = combined(operation, total, load(input + (row &* stride &+ column)))
                    row &+= 1
                }
                store(total / broadcast(divisor), output + column)
            } else {
                var total = load(input + column, first: lanes)
                while row < rows {
                    total = combined(operation, total, load(input + (row &* stride &+ column), first: lanes))
                    row &+= 1
                }
                store(total / broadcast(divisor), output + column, first: lanes)
            }
            column &+= laneCount
        }
    }

    func maskedMeanOfColumns(
        _ input: UnsafePointer<Float>, _ stride: Int, _ mask: UnsafePointer<UInt8>,
        _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) {
        var kept = 0
        var index = 0
        while index < rows {
            if mask[index] != 0 { kept &+= 1 }
            index &+= 1
        }
        let divisor = broadcast(kept == 0 ? 1 : Float(kept))
        var column = 0
        while column < columns {
            let lanes = columns &- column
            let isWhole = lanes >= laneCount
            var total = broadcast(0)
            var row = 0
            while row < rows {
                if mask[row] != 0 {
                    let from = input + (row &* stride &+ column)
                    total = total + (isWhole ? load(from) : load(from, first: lanes))
                }
                row &+= 1
            }
            if isWhole {
                store(total / divisor, output + column)
            } else {
                store(total / divisor, output + column, first: lanes)
            }
            column &+= laneCount
        }
    }
#endif
