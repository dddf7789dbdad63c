import EmotionFormerKernels
import Testing

/// Convolutions of pictures: depthwise ones against float64, and windows side by side against plain copies.
@Suite struct ConvolutionTests {
    /// A picture's windows and channels.
    struct Shape {
        var images = 1
        var height: Int
        var width: Int
        var channels: Int
        var extents: (Int, Int) = (3, 3)
        var strides: (Int, Int) = (1, 1)
        var dilations: (Int, Int) = (1, 1)
        /// As `SAME` pads in TensorFlow; otherwise as `VALID` does.
        var isPadded = true
        var multiplier = 1

        var rows: WindowAxis { axis(height, extents.0, strides.0, dilations.0) }
        var columns: WindowAxis { axis(width, extents.1, strides.1, dilations.1) }
        var count: Int { images * rows.count * columns.count }

        private func axis(_ length: Int, _ extent: Int, _ stride: Int, _ dilation: Int) -> WindowAxis {
            let reach = (extent - 1) * dilation
            let count = isPadded ? (length - 1) / stride + 1 : (length - reach - 1) / stride + 1
            let total = isPadded ? max((count - 1) * stride + reach + 1 - length, 0) : 0
            return WindowAxis(
                extent: extent, dilation: dilation, stride: stride, before: total / 2, length: length, count: count)
        }

        /// The offset in the input of a window's place; nil outside of it.
        func place(_ window: Int, _ y: Int, _ x: Int) -> Int? {
            let (rows, columns) = (rows, columns)
            let line = window / columns.count
            let top = line % rows.count * rows.stride + y * rows.dilation - rows.before
            let left = window % columns.count * columns.stride + x * columns.dilation - columns.before
            if top < 0 || top >= height || left < 0 || left >= width { return nil }
            return ((line / rows.count * height + top) * width + left) * channels
        }
    }

    /// Around the widths of vectors; windows larger than the picture; every way to lay windows.
    static let shapes: [Shape] = [
        Shape(height: 9, width: 11, channels: 8), Shape(height: 5, width: 7, channels: 16),
        Shape(height: 8, width: 13, channels: 28), Shape(images: 2, height: 4, width: 4, channels: 33),
        Shape(height: 2, width: 2, channels: 24), Shape(height: 1, width: 1, channels: 17),
        Shape(height: 6, width: 9, channels: 3), Shape(height: 3, width: 5, channels: 1),
        Shape(height: 9, width: 12, channels: 20, strides: (2, 2)),
        Shape(images: 2, height: 12, width: 9, channels: 16, strides: (2, 2), isPadded: false),
        Shape(height: 7, width: 19, channels: 9, strides: (3, 2)),
        Shape(height: 12, width: 14, channels: 18, extents: (5, 5)),
        Shape(height: 12, width: 14, channels: 18, extents: (5, 4), strides: (2, 3)),
        Shape(height: 15, width: 13, channels: 10, dilations: (2, 3)),
        Shape(height: 5, width: 6, channels: 11, extents: (2, 7), isPadded: true),
        Shape(height: 9, width: 8, channels: 19, extents: (1, 1), strides: (2, 2)),
        Shape(height: 4, width: 3, channels: 12, extents: (7, 7), dilations: (3, 2)),
        Shape(height: 7, width: 9, channels: 9, multiplier: 2),
        Shape(height: 6, width: 8, channels: 5, extents: (3, 2), strides: (2, 1), multiplier: 3),
        Shape(images: 2, height: 6, width: 8, channels: 16, isPadded: false, multiplier: 4),
        // So few channels that several windows share a vector.
        Shape(height: 5, width: 43, channels: 8), Shape(images: 2, height: 4, width: 37, channels: 4),
        Shape(height: 3, width: 35, channels: 2), Shape(height: 4, width: 71, channels: 1, isPadded: false),
        // Pictures' first convolutions; channels that fill many vectors.
        Shape(height: 16, width: 18, channels: 3, extents: (5, 5), strides: (2, 2)),
        Shape(height: 12, width: 3, channels: 150, extents: (4, 1), strides: (4, 1)),
    ]

    static func expected(
        _ shape: Shape, _ x: Buffer<Float>, _ w: Buffer<Float>,
        _ finish: (_ sum: Double, _ row: Int, _ column: Int) -> Double
    ) -> [Double] {
        let (height, width) = (shape.rows.extent, shape.columns.extent)
        var result: [Double] = []
        for window in 0..<shape.count {
            for channel in 0..<shape.channels {
                for plane in 0..<shape.multiplier {
                    var sum = 0.0
                    for y in 0..<height {
                        for x1 in 0..<width {
                            guard let place = shape.place(window, y, x1) else { continue }
                            let weight = ((plane * height + y) * width + x1) * shape.channels + channel
                            sum += Double(x.address[place + channel]) * Double(w.address[weight])
                        }
                    }
                    result.append(finish(sum, window, channel * shape.multiplier + plane))
                }
            }
        }
        return result
    }

    @Test(arguments: InstructionSet.available)
    func depthwiseConvolutionsEqualFloat64(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for (number, shape) in Self.shapes.enumerated() {
            let outputs = shape.channels * shape.multiplier
            let x = Buffer(random: shape.images * shape.height * shape.width * shape.channels, seed: 1)
            let w = Buffer(random: shape.rows.extent * shape.columns.extent * outputs, seed: 2)
            let y = Buffer(count: shape.count * outputs)
            let bias = Buffer(random: outputs, seed: 3)
            let slopes = Buffer(random: outputs, seed: 4)
            let residual = Buffer(random: shape.count * outputs, seed: 5)
            for activation in [Activation.linear, .relu, .relu6, .reluN1To1, .prelu, .silu] {
                for hasResidual in [false, true] {
                    let epilogue = Epilogue(
                        bias: bias.address, activation: activation, slopes: slopes.address,
                        residual: hasResidual ? UnsafePointer(residual.address) : nil, residualStride: outputs)
                    kernels.depthwiseConvolution(
                        DepthwiseConvolution(
                            input: x.address, weights: w.address, output: y.address, rows: shape.rows,
                            columns: shape.columns, channels: shape.channels, multiplier: shape.multiplier,
                            epilogue: epilogue), 0..<shape.count)
                    let expected = Self.expected(shape, x, w) { sum, row, column in
                        let value = Oracle.activation(
                            activation, sum + Double(bias.address[column]), slope: Double(slopes.address[column]))
                        return hasResidual ? value + Double(residual.address[row * outputs + column]) : value
                    }
                    #expect(largestDifference(y.values, expected) < 1e-5, "\(level), shape \(number), \(activation)")
                    #expect(y.isMarginUntouched)
                }
            }
        }
    }

    /// Whatever the threads make of the windows, the bits are the same.
    @Test(arguments: InstructionSet.available)
    func windowsDoNotDependOnThePartition(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for (number, shape) in Self.shapes.enumerated() {
            let outputs = shape.channels * shape.multiplier
            let x = Buffer(random: shape.images * shape.height * shape.width * shape.channels, seed: 1)
            let w = Buffer(random: shape.rows.extent * shape.columns.extent * outputs, seed: 2)
            func run(_ step: Int) -> [UInt32] {
                let y = Buffer(count: shape.count * outputs)
                var first = 0
                while first < shape.count {
                    let last = min(first + step, shape.count)
                    kernels.depthwiseConvolution(
                        DepthwiseConvolution(
                            input: x.address, weights: w.address, output: y.address, rows: shape.rows,
                            columns: shape.columns, channels: shape.channels, multiplier: shape.multiplier,
                            epilogue: Epilogue(bias: w.address, activation: .prelu, slopes: x.address)), first..<last)
                    first = last
                }
                return y.values.map(\.bitPattern)
            }
            let whole = run(shape.count)
            for step in [1, 3, 7] { #expect(run(step) == whole, "\(level), shape \(number), \(step) at a time") }
        }
    }

    /// The largest and the mean of what lies inside the picture; a NaN there stays.
    @Test(arguments: InstructionSet.available)
    func windowsArePooled(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for (number, shape) in Self.shapes.enumerated() {
            let x = Buffer(random: shape.images * shape.height * shape.width * shape.channels, seed: 1)
            for hasNaN in [false, true] {
                if hasNaN { x.address[x.count / 2] = .nan }
                for isMaximum in [false, true] {
                    let y = Buffer(count: shape.count * shape.channels)
                    for windows in [0..<shape.count / 3, shape.count / 3..<shape.count] {
                        kernels.poolWindows(
                            WindowPooling(
                                input: x.address, output: y.address, rows: shape.rows, columns: shape.columns,
                                channels: shape.channels, isMaximum: isMaximum), windows)
                    }
                    var isEqual = y.isMarginUntouched
                    for window in 0..<shape.count {
                        for channel in 0..<shape.channels {
                            var (sum, largest, count) = (0.0, -Double.infinity, 0.0)
                            for place in 0..<(shape.rows.extent * shape.columns.extent) {
                                let (row, column) = (place / shape.columns.extent, place % shape.columns.extent)
                                guard let from = shape.place(window, row, column) else { continue }
                                let value = Double(x.address[from + channel])
                                sum += value
                                largest = value.isNaN || value > largest ? value : largest
                                count += 1
                            }
                            let expected = isMaximum ? (sum.isNaN ? sum : largest) : sum / max(count, 1)
                            let found = Double(y.address[window * shape.channels + channel])
                            let isNear = expected == found || abs(expected - found) < 1e-6
                            if !(expected.isNaN ? found.isNaN : isNear) { isEqual = false }
                        }
                    }
                    #expect(isEqual, "\(level), shape \(number), \(isMaximum ? "maximum" : "mean")")
                }
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func windowsAreGathered(level: InstructionSet) {
        let kernels = KernelSet.kernels(for: level)
        for (number, shape) in Self.shapes.enumerated() {
            let x = Buffer(random: shape.images * shape.height * shape.width * shape.channels, seed: 1)
            for depth in [shape.channels, (shape.channels + 1) / 2] {
                let k = shape.rows.extent * shape.columns.extent * depth
                let skipped = shape.channels - depth
                for windows in [0..<shape.count, shape.count / 3..<(shape.count + 1) / 2] where !windows.isEmpty {
                    let margin = WindowGathering.margin / 4
                    let rows = Buffer(count: windows.count * k + margin)
                    kernels.gatherWindows(
                        WindowGathering(
                            input: x.address + skipped, output: rows.address, rows: shape.rows, columns: shape.columns,
                            channels: shape.channels, depth: depth), windows)
                    var isEqual = rows.isMarginUntouched
                    for (row, window) in windows.enumerated() {
                        for place in 0..<(k / depth) {
                            let (y, x1) = (place / shape.columns.extent, place % shape.columns.extent)
                            let from = shape.place(window, y, x1)
                            for channel in 0..<depth {
                                let value = from.map { x.address[$0 + skipped + channel] } ?? 0
                                if rows.address[row * k + place * depth + channel] != value { isEqual = false }
                            }
                        }
                    }
                    #expect(isEqual, "\(level), shape \(number), \(depth) channels, windows \(windows.lowerBound)…")
                }
            }
        }
    }
}
