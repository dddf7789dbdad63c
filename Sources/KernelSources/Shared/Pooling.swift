#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// A range of the windows, counted through all lines of all images. NaN stays; a window with nothing inside has a
    /// maximum of −∞ and a mean of 0.
    func poolWindows(_ call: WindowPooling, _ windows: Range<Int>) {
        if call.isMaximum {
            pool(call, windows, start: -.infinity) { nanWhereNaN(larger($1, $0), $0, $1) }
        } else {
            pool(call, windows, start: 0) { $0 + $1 }
        }
    }

    @inline(__always)
    private func pool(
        _ call: WindowPooling, _ windows: Range<Int>, start: Float, _ joined: (Vector, Vector) -> Vector
    ) {
        let (rows, columns, channels) = (call.rows, call.columns, call.channels)
        let inner = columns.innerWindows
        let width = columns.length &* channels
        var window = windows.lowerBound
        while window < windows.upperBound {
            let line = window / columns.count
            let image = line / rows.count
            let heights = rows.innerPlaces(line &- image &* rows.count)
            let top = call.input + (image &* rows.length &+ (heights.count > 0 ? heights.start : 0)) &* width
            var column = window &- line &* columns.count
            let end = smaller(columns.count, column &+ (windows.upperBound &- window))
            while column < end {
                let places = columns.innerPlaces(column, inner)
                let from = top + (places.count > 0 ? places.start : 0) &* channels
                let to = call.output + window &* channels
                let count = heights.count &* places.count
                let divisor = broadcast(call.isMaximum || count == 0 ? 1 : Float(count))
                var channel = 0
                while channel < channels {
                    // A last vector of fewer channels overlaps the one before, if there is one.
                    let lanes = channels < laneCount ? channels : laneCount
                    if channel &+ lanes > channels { channel = channels &- lanes }
                    var value = broadcast(start)
                    var height = 0
                    while height < heights.count {
                        let x = from + (height &* rows.dilation &* width &+ channel)
                        var place = 0
                        while place < places.count {
                            let address = x + place &* columns.dilation &* channels
                            value = joined(
                                value, lanes < laneCount ? load(address, first: lanes) : load(address))
                            place &+= 1
                        }
                        height &+= 1
                    }
                    if !call.isMaximum { value = value / divisor }
                    if lanes < laneCount {
                        store(value, to + channel, first: lanes)
                    } else {
                        store(value, to + channel)
                    }
                    channel &+= lanes
                }
                column &+= 1
                window &+= 1
            }
        }
    }
#endif
