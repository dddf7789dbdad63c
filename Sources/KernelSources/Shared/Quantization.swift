#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// Rows of quantized values are padded with zeros to a multiple of as many as this.
    @inline(__always) private var quantizedRowAlignment: Int { 64 / MemoryLayout<QuantizedValue>.stride }

    @inline(__always) private func paddedCount(_ k: Int) -> Int {
        (k &+ quantizedRowAlignment &- 1) & ~(quantizedRowAlignment &- 1)
    }

    func quantizedRowStride(_ k: Int) -> Int { paddedCount(k) &* MemoryLayout<QuantizedValue>.stride }

    /// The mapping of floats to 0…255: round(x·factor) + zeroPoint, with ties away from zero or to even.
    private struct ByteMapping {
        var factor: Float
        /// −128…127
        var zeroPoint: Float
        var roundsAway: Bool
        var quantization: RowQuantization
    }

    /// XNNPACK's parameters; the range includes 0.
    private func xnnpackMapping(_ low: Float, _ high: Float) -> ByteMapping {
        let factor = low == high ? 1 : 255 / (high - low)
        let scaledLow = low * factor
        let scaledHigh = high * factor
        let point = (-128 + scaledLow) + (127 + scaledHigh) > 0 ? -128 - scaledLow : 127 - scaledHigh
        // Comparisons that send NaN to the lower end, so that the conversion to an integer cannot trap.
        let bounded = point > -128 ? (point < 127 ? point : 127) : -128
        let zeroPoint = bounded.rounded(.toNearestOrEven)
        return ByteMapping(
            factor: factor, zeroPoint: zeroPoint, roundsAway: false,
            quantization: RowQuantization(scale: 1 / factor, zeroPoint: Int32(zeroPoint) &+ 128))
    }

    /// The parameters of TensorFlow Lite's builtin kernels; the range includes 0.
    private func builtinMapping(_ low: Float, _ high: Float) -> ByteMapping {
        if low == high {
            return ByteMapping(
                factor: 1, zeroPoint: 0, roundsAway: true, quantization: RowQuantization(scale: 1, zeroPoint: 128))
        }
        let scale = Double(high - low) / 255
        let fromLow = Double(low) / scale
        let fromHigh = Double(high) / scale
        let point = 128 + fromLow.magnitude < 127 + fromHigh.magnitude ? -128 - fromLow : 127 - fromHigh
        let bounded = point > -128 ? (point < 127 ? point : 127) : -128
        let zeroPoint = bounded.rounded(.toNearestOrAwayFromZero)
        let single = Float(scale)
        return ByteMapping(
            factor: 1 / single, zeroPoint: Float(zeroPoint), roundsAway: true,
            quantization: RowQuantization(scale: single, zeroPoint: Int32(zeroPoint) &+ 128))
    }

    private func mapping(_ rule: QuantizationRule, _ low: Float, _ high: Float) -> ByteMapping {
        switch rule {
        case .xnnpack: xnnpackMapping(low, high)
        case .builtin: builtinMapping(low, high)
        }
    }

    /// Ties away from zero.
    @inline(__always) private func roundedAway(_ x: Vector) -> Vector {
        let even = roundedToEven(x)
        let one = copySign(broadcast(1), x)
        // The distance is exact; half a unit towards zero says that the tie went the wrong way.
        return whereLess((x - even) * one, broadcast(0.5), even, even + one)
    }

    @inline(__always)
    private func writeValues(
        _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<QuantizedValue>, _ columns: Int,
        _ transform: (Vector) -> Vector
    ) {
        let padded = paddedCount(columns)
        var index = 0
        while index &+ laneCount <= columns {
            storeQuantized(transform(load(input + index)), output + index)
            index &+= laneCount
        }
        let rest = columns &- index
        if rest > 0 {
            // The row's padding takes the whole vector; what lies past the last value is cleared below.
            storeQuantized(transform(load(input + index, first: rest)), output + index)
            index = columns
        }
        while index < padded {
            output[index] = 0
            index &+= 1
        }
    }

    @inline(__always)
    private func quantizeRow(
        _ mapping: ByteMapping, _ input: UnsafePointer<Float>, _ row: UnsafeMutableRawPointer, _ columns: Int
    ) {
        let output = row.assumingMemoryBound(to: QuantizedValue.self)
        let factor = broadcast(mapping.factor)
        let shift = broadcast(mapping.zeroPoint + 128)
        if mapping.roundsAway {
            writeValues(input, output, columns) { clamped(roundedAway($0 * factor) + shift, 0, 255) }
        } else {
            writeValues(input, output, columns) { clamped(roundedToEven($0 * factor) + shift, 0, 255) }
        }
    }

    /// The smallest and the largest value of a row, 0 included. Both are NaN if a value is NaN, which no byte can
    /// represent, so that the row's products become NaN.
    @inline(__always)
    private func range(_ input: UnsafePointer<Float>, _ count: Int) -> (low: Float, high: Float) {
        var low = broadcast(0)
        var high = low
        var secondLow = low
        var secondHigh = low
        var notANumber = low
        var index = 0
        while index &+ 2 &* laneCount <= count {
            let one = load(input + index)
            let other = load(input + (index &+ laneCount))
            low = smaller(one, low)
            high = larger(one, high)
            secondLow = smaller(other, secondLow)
            secondHigh = larger(other, secondHigh)
            notANumber = nanWhereNaN(notANumber, one, other)
            index &+= 2 &* laneCount
        }
        while index < count {
            let left = count &- index
            let rest = load(input + index, first: left < laneCount ? left : laneCount)
            low = smaller(rest, low)
            high = larger(rest, high)
            notANumber = nanWhereNaN(notANumber, rest, rest)
            index &+= laneCount
        }
        let sum = sumOfLanes(notANumber)
        return (smallestLane(smaller(low, secondLow)) + sum, largestLane(larger(high, secondHigh)) + sum)
    }

    func quantizeRows(
        _ rule: QuantizationRule, _ input: UnsafePointer<Float>, _ inputStride: Int,
        _ output: UnsafeMutableRawPointer, _ outputStride: Int,
        _ quantization: UnsafeMutablePointer<RowQuantization>, _ rows: Int, _ columns: Int
    ) {
        // Eight rows are processed together in each pass: the factor of a row is computed by a chain of slow
        // instructions, whose latency the other rows hide.
        var first = 0
        while first < rows {
            let count = rows &- first < 8 ? rows &- first : 8
            var lows = SIMD8<Float>()
            var highs = SIMD8<Float>()
            var row = 0
            while row < count {
                let (low, high) = range(input + (first &+ row) &* inputStride, columns)
                lows[row] = low
                highs[row] = high
                row &+= 1
            }
            row = 0
            while row < count {
                let index = first &+ row
                let bytes = mapping(rule, lows[row], highs[row])
                quantization[index] = bytes.quantization
                quantizeRow(bytes, input + index &* inputStride, output + index &* outputStride, columns)
                row &+= 1
            }
            first &+= 8
        }
    }

    func quantizeMatrix(
        _ rule: QuantizationRule, _ input: UnsafePointer<Float>, _ inputStride: Int,
        _ output: UnsafeMutableRawPointer, _ outputStride: Int,
        _ quantization: UnsafeMutablePointer<RowQuantization>, _ rows: Int, _ columns: Int
    ) {
        var low: Float = 0
        var high: Float = 0
        var row = 0
        while row < rows {
            let (rowLow, rowHigh) = range(input + row &* inputStride, columns)
            // NaN is kept.
            low = low < rowLow || low.isNaN ? low : rowLow
            high = high > rowHigh || high.isNaN ? high : rowHigh
            row &+= 1
        }
        let bytes = mapping(rule, low, high)
        quantization[0] = bytes.quantization
        row = 0
        while row < rows {
            quantizeRow(bytes, input + row &* inputStride, output + row &* outputStride, columns)
            row &+= 1
        }
    }
#endif
