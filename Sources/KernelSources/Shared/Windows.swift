#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    // Which windows of a convolution, and which places of a window, lie inside the input; and copies of windows.

    @inline(__always) func larger(_ a: Int, _ b: Int) -> Int { a > b ? a : b }
    @inline(__always) func smaller(_ a: Int, _ b: Int) -> Int { a < b ? a : b }

    extension WindowAxis {
        /// The windows that lie inside the input.
        var innerWindows: Range<Int> {
            @inline(__always)
            get {
                let first = smaller((before &+ stride &- 1) / stride, count)
                let room = length &+ before &- (extent &- 1) &* dilation &- 1
                let end = room < 0 ? 0 : smaller(room / stride &+ 1, count)
                return first..<larger(first, end)
            }
        }

        /// The same for windows of which those that lie inside are known: mostly without a division.
        @inline(__always)
        func innerPlaces(_ window: Int, _ inner: Range<Int>) -> (first: Int, count: Int, start: Int) {
            let isInside = window >= inner.lowerBound && window < inner.upperBound
            return isInside ? (0, extent, window &* stride &- before) : innerPlaces(window)
        }

        /// The places of one window that lie inside the input: the first, their number, and where the first lies.
        @inline(__always)
        func innerPlaces(_ window: Int) -> (first: Int, count: Int, start: Int) {
            let start = window &* stride &- before
            let first = start < 0 ? (dilation &- 1 &- start) / dilation : 0
            let room = length &- start
            let end = room <= 0 ? 0 : smaller((room &+ dilation &- 1) / dilation, extent)
            return (first, end > first ? end &- first : 0, start &+ first &* dilation)
        }
    }

    /// A range of the windows, counted through all lines of all images.
    func gatherWindows(_ call: WindowGathering, _ windows: Range<Int>) {
        let (rows, columns) = (call.rows, call.columns)
        let width = columns.length &* call.channels
        // Places of a window that follow each other in memory are one run.
        let isRun = columns.dilation == 1 && call.depth == call.channels
        let line = columns.extent &* call.depth
        let inner = columns.innerWindows
        var to = call.output
        var window = windows.lowerBound
        while window < windows.upperBound {
            let number = window / columns.count
            let image = number / rows.count
            let heights = rows.innerPlaces(number &- image &* rows.count)
            let top = call.input + (image &* rows.length &+ (heights.count > 0 ? heights.start : 0)) &* width
            var column = window &- number &* columns.count
            let end = smaller(columns.count, column &+ (windows.upperBound &- window))
            window &+= end &- column
            while column < end {
                if isRun && heights.count == rows.extent && column >= inner.lowerBound && column < inner.upperBound {
                    let last = smaller(end, inner.upperBound)
                    copyWindows(
                        top + (column &* columns.stride &- columns.before) &* call.channels, to, last &- column,
                        windowStep: columns.stride &* call.channels, lines: rows.extent,
                        lineStep: rows.dilation &* width,
                        line: line)
                    to += (last &- column) &* rows.extent &* line
                    column = last
                    continue
                }
                let places = columns.innerPlaces(column, inner)
                clear(to, heights.first &* line)
                to += heights.first &* line
                var from = top + (places.count > 0 ? places.start : 0) &* call.channels
                var height = 0
                while height < heights.count {
                    let after = columns.extent &- places.first &- places.count
                    clear(to, places.first &* call.depth)
                    to += places.first &* call.depth
                    if isRun {
                        copy(from, to, places.count &* call.depth)
                    } else {
                        var place = 0
                        while place < places.count {
                            copy(
                                from + place &* columns.dilation &* call.channels, to + place &* call.depth, call.depth)
                            place &+= 1
                        }
                    }
                    to += places.count &* call.depth
                    clear(to, after &* call.depth)
                    to += after &* call.depth
                    from += rows.dilation &* width
                    height &+= 1
                }
                let below = (rows.extent &- heights.first &- heights.count) &* line
                clear(to, below)
                to += below
                column &+= 1
            }
        }
    }

    /// Whole windows of a line, each of runs above each other; what follows the last, up to a vector, may be written to.
    @inline(__always)
    private func copyWindows(
        _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int, windowStep: Int, lines: Int,
        lineStep: Int, line: Int
    ) {
        if line <= laneCount {
            copyRuns(from, to, count, windowStep, lines, lineStep, line) { store(load($0, first: line), $1) }
        } else if line <= 2 &* laneCount {
            let second = line &- laneCount
            copyRuns(from, to, count, windowStep, lines, lineStep, line) {
                store(load($0), $1)
                store(load($0 + second), $1 + second)
            }
        } else {
            copyRuns(from, to, count, windowStep, lines, lineStep, line) { copy($0, $1, line) }
        }
    }

    @inline(__always)
    private func copyRuns(
        _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int, _ windowStep: Int, _ lines: Int,
        _ lineStep: Int, _ line: Int, _ copyRun: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        var (window, to) = (from, to)
        var left = count
        while left > 0 {
            var run = window
            var height = lines
            while height > 0 {
                copyRun(run, to)
                run += lineStep
                to += line
                height &-= 1
            }
            window += windowStep
            left &-= 1
        }
    }

    /// Copies a run; what follows it, up to a vector, is written later.
    @inline(__always)
    private func copy(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ count: Int) {
        if count < laneCount {
            store(load(from, first: count), to)
            return
        }
        store(load(from), to)
        var index = laneCount
        while index &+ laneCount <= count {
            store(load(from + index), to + index)
            index &+= laneCount
        }
        if index < count { store(load(from + (count &- laneCount)), to + (count &- laneCount)) }
    }

    /// The same for zeros.
    @inline(__always)
    private func clear(_ to: UnsafeMutablePointer<Float>, _ count: Int) {
        var index = 0
        while index < count {
            store(broadcast(0), to + index)
            index &+= laneCount
        }
    }
#endif
