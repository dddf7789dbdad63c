#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    // Convolutions of each channel for itself, with channels in the lanes of vectors. Four windows of a line go together:
    // they share the weights and, if they overlap, most of their input. Each output is one sum over the places of its
    // window in order, whatever windows it is computed with.

    /// A range of the windows, counted through all lines of all images.
    func depthwiseConvolution(_ call: DepthwiseConvolution, _ windows: Range<Int>) {
        let columns = call.columns
        let inner = columns.innerWindows
        var window = windows.lowerBound
        while window < windows.upperBound {
            let line = window / columns.count
            let first = window &- line &* columns.count
            let left = windows.upperBound &- window
            let end = columns.count &- first < left ? columns.count : first &+ left
            // Windows that reach outside at the left, those inside, those that reach outside at the right.
            let a = larger(first, smaller(inner.lowerBound, end))
            let b = larger(a, smaller(inner.upperBound, end))
            let place = DepthwiseLine(call, line)
            place.putOuter(first, a)
            place.putInner(a, b)
            place.putOuter(b, end)
            place.finish(first, end)
            window &+= end &- first
        }
    }

    /// The sums of four windows.
    private struct FourSums {
        var first: Vector
        var second: Vector
        var third: Vector
        var fourth: Vector
    }

    /// The activation that sums get before they are stored.
    private struct DepthwiseFinish {
        /// Whether that is the whole epilogue, the bias aside.
        let isWhole: Bool
        private let hasSlopes: Bool
        private let slopes: UnsafePointer<Float>
        /// What values are raised to, −∞ if to nothing, and lowered to; unless they have slopes.
        private let least: Vector
        private let most: Vector

        @inline(__always)
        init(_ call: DepthwiseConvolution) {
            let epilogue = call.epilogue
            var limits: (Float, Float)? = nil
            switch epilogue.activation {
            case .linear: limits = (-.infinity, .infinity)
            case .relu: limits = (0, .infinity)
            case .relu6: limits = (0, 6)
            case .reluN1To1: limits = (-1, 1)
            case .prelu where epilogue.slopes != nil: limits = (-.infinity, .infinity)
            default: break
            }
            isWhole = limits != nil && call.multiplier == 1 && epilogue.rowTable == nil && epilogue.residual == nil
            hasSlopes = isWhole && epilogue.activation == .prelu
            slopes = epilogue.slopes ?? call.weights
            least = broadcast(isWhole ? limits?.0 ?? -.infinity : -.infinity)
            most = broadcast(isWhole ? limits?.1 ?? .infinity : .infinity)
        }

        @inline(__always)
        func value(_ x: Vector, _ channel: Int, _ lanes: Int) -> Vector {
            if hasSlopes {
                return sloped(x, lanes == laneCount ? load(slopes + channel) : load(slopes + channel, first: lanes))
            }
            // This operand order of smaller and larger preserves NaN.
            return larger(least, smaller(most, x))
        }

        /// The same with slopes that are at hand.
        @inline(__always)
        func value(_ x: Vector, _ slopes: Vector) -> Vector {
            hasSlopes ? sloped(x, slopes) : larger(least, smaller(most, x))
        }

        /// The slopes of a few channels, again and again; anything if there are none.
        @inline(__always)
        func repeatedSlopes(_ channels: Int) -> Vector {
            hasSlopes ? repeated(slopes, channels) : broadcast(0)
        }
    }

    /// A few values that fit into a vector a whole number of times, again and again.
    @inline(__always)
    private func repeated(_ values: UnsafePointer<Float>, _ count: Int) -> Vector {
        let few = load(values, first: count)
        // Each copy's zeros are covered by the next; those of the last lie behind the first vector.
        var memory = (few, few)
        return withUnsafeMutableBytes(of: &memory) { bytes in
            guard let all = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return few }
            var index = count
            while index < laneCount {
                store(few, all + index)
                index &+= count
            }
            return load(all)
        }
    }

    /// One line of windows: what they have in common.
    private struct DepthwiseLine {
        let call: DepthwiseConvolution
        /// The number of the line's first window.
        let firstWindow: Int
        /// The first line of the input that the windows see, at its first column.
        let input: UnsafePointer<Float>
        /// Places of a window above each other that lie inside the input, and the weights of the first of them.
        let heights: Int
        let weights: UnsafePointer<Float>
        let lineStep: Int
        /// From one place of a window to the next, and from one window to the next.
        let placeStep: Int
        let windowStep: Int
        let outputStep: Int
        let planeStep: Int
        let last: DepthwiseFinish

        @inline(__always)
        init(_ call: DepthwiseConvolution, _ line: Int) {
            self.call = call
            let image = line / call.rows.count
            let places = call.rows.innerPlaces(line &- image &* call.rows.count)
            let width = call.columns.length &* call.channels
            heights = places.count
            input = call.input + (image &* call.rows.length &+ (places.count > 0 ? places.start : 0)) &* width
            weights = call.weights + places.first &* call.columns.extent &* call.channels
            lineStep = call.rows.dilation &* width
            placeStep = call.columns.dilation &* call.channels
            windowStep = call.columns.stride &* call.channels
            outputStep = call.channels &* call.multiplier
            planeStep = call.rows.extent &* call.columns.extent &* call.channels
            firstWindow = line &* call.columns.count
            last = DepthwiseFinish(call)
        }

        /// Windows that lie inside the input from left to right.
        @inline(__always)
        func putInner(_ first: Int, _ end: Int) {
            let isPlain = call.columns.dilation == 1 && call.multiplier == 1 && call.channels >= laneCount
            if isPlain && call.columns.extent == 3 && call.columns.stride == 1 { return putThree(first, end) }
            if isPlain && call.columns.extent == 3 && call.columns.stride == 2 { return putThreeByTwo(first, end) }
            let isNarrow = call.channels < laneCount && laneCount % call.channels == 0
            if isNarrow && call.columns.extent == 3 && heights == 3 && call.columns.dilation == 1
                && call.columns.stride == 1 && last.isWhole
            {
                return putNarrow(first, end)
            }
            putAny(first, end)
        }

        /// 3 × 3 places, so few channels that several windows that follow each other fill a vector.
        @inline(never)
        private func putNarrow(_ first: Int, _ end: Int) {
            let channels = call.channels
            let windows = 4 &* (laneCount / channels)
            if end &- first < windows { return putAny(first, end) }
            let step = channels
            let w0 = repeated(weights, channels)
            let w1 = repeated(weights + step, channels)
            let w2 = repeated(weights + 2 &* step, channels)
            let w3 = repeated(weights + 3 &* step, channels)
            let w4 = repeated(weights + 4 &* step, channels)
            let w5 = repeated(weights + 5 &* step, channels)
            let w6 = repeated(weights + 6 &* step, channels)
            let w7 = repeated(weights + 7 &* step, channels)
            let w8 = repeated(weights + 8 &* step, channels)
            var start = broadcast(0)
            if let values = call.epilogue.bias { start = repeated(values, channels) }
            let slopes = last.repeatedSlopes(channels)
            var window = first
            while window < end {
                // The last ones may overlap those before them.
                let from = end &- window >= windows ? window : end &- windows
                let x = input + (from &- call.columns.before) &* channels
                let to = call.output + (firstWindow &+ from) &* channels
                var part = 0
                while part < 4 {
                    let upper = x + part &* laneCount
                    let middle = upper + lineStep
                    let lower = middle + lineStep
                    var sum = multiplyAdd(load(upper), w0, start)
                    sum = multiplyAdd(load(upper + step), w1, sum)
                    sum = multiplyAdd(load(upper + 2 &* step), w2, sum)
                    sum = multiplyAdd(load(middle), w3, sum)
                    sum = multiplyAdd(load(middle + step), w4, sum)
                    sum = multiplyAdd(load(middle + 2 &* step), w5, sum)
                    sum = multiplyAdd(load(lower), w6, sum)
                    sum = multiplyAdd(load(lower + step), w7, sum)
                    sum = multiplyAdd(load(lower + 2 &* step), w8, sum)
                    store(last.value(sum, slopes), to + part &* laneCount)
                    part &+= 1
                }
                window = from &+ windows
            }
        }

        /// 3 places side by side, windows that overlap by two.
        @inline(never)
        private func putThree(_ first: Int, _ end: Int) { putThree(first, end, windowStep: call.channels) }

        /// 3 places side by side, windows that overlap by one.
        @inline(never)
        private func putThreeByTwo(_ first: Int, _ end: Int) { putThree(first, end, windowStep: 2 &* call.channels) }

        /// 3 places side by side, a vector of channels or more, a multiplier of 1.
        @inline(__always)
        private func putThree(_ first: Int, _ end: Int, windowStep: Int) {
            let channels = call.channels
            let lastChannel = channels &- laneCount
            var window = first
            while window < end {
                // The last four may overlap those before them.
                let from = end &- window >= 4 ? window : end &- 4
                if from < first { return putOuter(first, end) }
                let x = input + (from &* windowStep &- call.columns.before &* channels)
                let to = call.output + (firstWindow &+ from) &* channels
                var channel = 0
                while true {
                    var start = broadcast(0)
                    if let values = call.epilogue.bias { start = load(values + channel) }
                    let four = sums(
                        x + channel, weights + channel, start, 3, placeStep: channels, windowStep: windowStep
                    ) { load($0) }
                    let y = to + channel
                    store(last.value(four.first, channel, laneCount), y)
                    store(last.value(four.second, channel, laneCount), y + channels)
                    store(last.value(four.third, channel, laneCount), y + 2 &* channels)
                    store(last.value(four.fourth, channel, laneCount), y + 3 &* channels)
                    if channel >= lastChannel { break }
                    channel = smaller(channel &+ laneCount, lastChannel)
                }
                window = from &+ 4
            }
        }

        @inline(never)
        private func putAny(_ first: Int, _ end: Int) {
            let (places, windows, extent) = (placeStep, windowStep, call.columns.extent)
            put(first, end) { x, w, start, read in
                sums(x, w, start, extent, placeStep: places, windowStep: windows, read)
            }
        }

        /// Windows with places outside the input, one by one.
        @inline(never)
        func putOuter(_ first: Int, _ end: Int) {
            var window = first
            while window < end {
                let places = call.columns.innerPlaces(window)
                let x = input + (places.count > 0 ? places.start : 0) &* call.channels
                let skipped = places.first &* call.channels
                eachVector { channel, plane, lanes in
                    var sum = bias(channel, lanes)
                    var line = x + channel
                    var weight = weights + (plane &* planeStep &+ channel &+ skipped)
                    var height = 0
                    while height < heights {
                        var place = 0
                        while place < places.count {
                            let value = line + place &* placeStep
                            let factor = weight + place &* call.channels
                            if lanes == laneCount {
                                sum = multiplyAdd(load(value), load(factor), sum)
                            } else {
                                sum = multiplyAdd(load(value, first: lanes), load(factor, first: lanes), sum)
                            }
                            place &+= 1
                        }
                        line += lineStep
                        weight += call.columns.extent &* call.channels
                        height &+= 1
                    }
                    keep(sum, window, channel, plane, lanes)
                }
                window &+= 1
            }
        }

        /// Calls `body` for vectors of channels: the first channel, which of the multiplier's weights, and the number of
        /// lanes that count. A last vector of fewer channels begins earlier and overlaps the one before, if there is one.
        @inline(__always)
        private func eachVector(_ body: (_ channel: Int, _ plane: Int, _ lanes: Int) -> Void) {
            var plane = 0
            while plane < call.multiplier {
                if call.channels < laneCount {
                    body(0, plane, call.channels)
                } else {
                    var channel = 0
                    while channel &+ laneCount <= call.channels {
                        body(channel, plane, laneCount)
                        channel &+= laneCount
                    }
                    if channel < call.channels { body(call.channels &- laneCount, plane, laneCount) }
                }
                plane &+= 1
            }
        }

        @inline(__always)
        private func put(
            _ first: Int, _ end: Int,
            _ sums: (
                UnsafePointer<Float>, UnsafePointer<Float>, Vector, (UnsafePointer<Float>) -> Vector
            ) -> FourSums
        ) {
            var window = first
            while window < end {
                // The last four may overlap those before them.
                let from = end &- window >= 4 ? window : end &- 4
                if from < first { return putOuter(first, end) }
                let x = input + (from &* call.columns.stride &- call.columns.before) &* call.channels
                eachVector { channel, plane, lanes in
                    let w = weights + (plane &* planeStep &+ channel)
                    let start = bias(channel, lanes)
                    let four =
                        lanes == laneCount
                        ? sums(x + channel, w, start) { load($0) }
                        : sums(x + channel, w, start) { load($0, first: lanes) }
                    keep(four.first, from, channel, plane, lanes)
                    keep(four.second, from &+ 1, channel, plane, lanes)
                    keep(four.third, from &+ 2, channel, plane, lanes)
                    keep(four.fourth, from &+ 3, channel, plane, lanes)
                }
                window = from &+ 4
            }
        }

        @inline(__always)
        private func sums(
            _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ start: Vector, _ extent: Int, placeStep: Int,
            windowStep: Int, _ read: (UnsafePointer<Float>) -> Vector
        ) -> FourSums {
            var sums = FourSums(first: start, second: start, third: start, fourth: start)
            var line = x
            var weight = w
            var height = heights
            while height > 0 {
                var place = 0
                while place < extent {
                    let factor = read(weight + place &* call.channels)
                    let value = line + place &* placeStep
                    sums.first = multiplyAdd(read(value), factor, sums.first)
                    sums.second = multiplyAdd(read(value + windowStep), factor, sums.second)
                    sums.third = multiplyAdd(read(value + 2 &* windowStep), factor, sums.third)
                    sums.fourth = multiplyAdd(read(value + 3 &* windowStep), factor, sums.fourth)
                    place &+= 1
                }
                line += lineStep
                weight += extent &* call.channels
                height &-= 1
            }
            return sums
        }

        /// What sums begin with. With a multiplier the output's channels, and so the biases, lie apart.
        @inline(__always)
        private func bias(_ channel: Int, _ lanes: Int) -> Vector {
            guard call.multiplier == 1, let values = call.epilogue.bias else { return broadcast(0) }
            return lanes == laneCount ? load(values + channel) : load(values + channel, first: lanes)
        }

        @inline(__always)
        private func keep(_ sum: Vector, _ window: Int, _ channel: Int, _ plane: Int, _ lanes: Int) {
            let to = call.output + (firstWindow &+ window) &* outputStep
            if call.multiplier == 1 {
                let value = last.value(sum, channel, lanes)
                if lanes == laneCount {
                    store(value, to + channel)
                } else {
                    store(value, to + channel, first: lanes)
                }
                return
            }
            var memory = sum
            withUnsafeMutableBytes(of: &memory) { bytes in
                guard let values = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
                var target = to + (channel &* call.multiplier &+ plane)
                var lane = 0
                while lane < lanes {
                    target.pointee = values[lane]
                    target += call.multiplier
                    lane &+= 1
                }
            }
        }

        /// The rest of the epilogue, while the line's outputs are in the first-level cache.
        @inline(__always)
        func finish(_ first: Int, _ end: Int) {
            if last.isWhole { return }
            var rest = call.epilogue
            rest.scale = 1
            if call.multiplier == 1 { rest.bias = nil }
            finishTile(
                ProductTile(
                    values: call.output + (firstWindow &+ first) &* outputStep, stride: outputStep,
                    row: firstWindow &+ first, column: 0, rows: end &- first, columns: outputStep),
                rest, call.output, outputStep)
        }
    }
#endif
