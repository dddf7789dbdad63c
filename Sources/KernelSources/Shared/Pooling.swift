#if EMOTIONFORMER_PORTABLE_KERNELS || EMOTIONFORMER_X86_KERNELS && arch(x86_64) || EMOTIONFORMER_ARM_KERNELS && arch(arm64)
    import EmotionFormerKernelInterface

    /// A range of the windows, counted through all lines of all images. NaN stays; a window with nothing inside has a
    /// maximum of −∞ and a mean of 0.
    func poolWindows(_ call: WindowPooling, _ windows: Range<Int>) {
        if call.isMaximum {
            pool(Maximum.self, call, windows)
        } else {
            pool(Mean.self, call, windows)
        }
    }

    /// What becomes of the values of a window. A type, not a closure: the compiler calls closures on the widest vectors.
    private protocol Pool {
        static var start: Float { get }
        static func joined(_ value: Vector, _ next: Vector) -> Vector
    }

    private enum Maximum: Pool {
        static var start: Float { @inline(__always) get { -.infinity } }

        @inline(__always)
        static func joined(_ value: Vector, _ next: Vector) -> Vector {
            nanWhereNaN(larger(next, value), value, next)
        }
    }

    /// The sum, to be divided.
    private enum Mean: Pool {
        static var start: Float { @inline(__always) get { 0 } }
        @inline(__always) static func joined(_ value: Vector, _ next: Vector) -> Vector { value + next }
    }

    @inline(__always)
    private func pool<Kind: Pool>(_ kind: Kind.Type, _ call: WindowPooling, _ windows: Range<Int>) {
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
                // Four vectors at a time: places of a window lie far apart, their channels side by side.
                while channel &+ 4 &* laneCount <= channels {
                    var values = (
                        broadcast(Kind.start), broadcast(Kind.start), broadcast(Kind.start), broadcast(Kind.start)
                    )
                    var height = 0
                    while height < heights.count {
                        var x = from + (height &* rows.dilation &* width &+ channel)
                        var place = 0
                        while place < places.count {
                            values.0 = Kind.joined(values.0, load(x))
                            values.1 = Kind.joined(values.1, load(x + laneCount))
                            values.2 = Kind.joined(values.2, load(x + 2 &* laneCount))
                            values.3 = Kind.joined(values.3, load(x + 3 &* laneCount))
                            x += columns.dilation &* channels
                            place &+= 1
                        }
                        height &+= 1
                    }
                    if !call.isMaximum {
                        values = (values.0 / divisor, values.1 / divisor, values.2 / divisor, values.3 / divisor)
                    }
                    store(values.0, to + channel)
                    store(values.1, to + (channel &+ laneCount))
                    store(values.2, to + (channel &+ 2 &* laneCount))
                    store(values.3, to + (channel &+ 3 &* laneCount))
                    channel &+= 4 &* laneCount
                }
                while channel < channels {
                    // A last vector of fewer channels overlaps the one before, if there is one.
                    let lanes = channels < laneCount ? channels : laneCount
                    if channel &+ lanes > channels { channel = channels &- lanes }
                    var value = broadcast(Kind.start)
                    var height = 0
                    while height < heights.count {
                        var x = from + (height &* rows.dilation &* width &+ channel)
                        var place = 0
                        while place < places.count {
                            value = Kind.joined(value, lanes < laneCount ? load(x, first: lanes) : load(x))
                            x += columns.dilation &* channels
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
