import EmotionFormerCore
import EmotionFormerGraph

/// Convolutions and pooling of quantized numbers over height and width.
extension StepBuilder {
    mutating func appendIntegerConvolution(_ node: TypedGraph.Node) throws(Fault) {
        if try appendIntegerKernelConvolution(node) { return }
        try appendWindows(node, isDepthwise: false)
    }

    mutating func appendIntegerDepthwise(_ node: TypedGraph.Node) throws(Fault) {
        try appendWindows(node, isDepthwise: true)
    }

    private mutating func appendWindows(_ node: TypedGraph.Node, isDepthwise: Bool) throws(Fault) {
        switch type(try operand(node, 0)).elementType {
        case .int8: try appendWindows(node, isDepthwise, Int8.self)
        case .int16: try appendWindows(node, isDepthwise, Int16.self)
        case let type: throw notQuantized(node, type)
        }
    }

    private mutating func appendWindows<Element: QuantizedElement>(
        _ node: TypedGraph.Node, _ isDepthwise: Bool, _ element: Element.Type
    ) throws(Fault) {
        let (input, weights, output) = (try operand(node, 0), try operand(node, 1), try output(node))
        let extents = shape(weights)
        let grid = try WindowGrid(
            over: shape(input), extents: [extents[1], extents[2]], strides: node.attributes.integers("strides"),
            dilations: node.attributes.integers("dilations"), padding: node.attributes.text("padding"), for: node)
        let outputs = extents[isDepthwise ? 3 : 0]
        let depth = isDepthwise ? 1 : extents[3]
        let context = integerContext(node)
        let product = try context.integerProduct()
        let zeroPoint = try context.quantization(0).zeroPoint
        let bias = try makeIntegerBias(node, count: outputs)
        let places = grid.rows.extent * grid.columns.extent
        /// Output channels that read the same input channels.
        let share = isDepthwise ? outputs / max(grid.channels, 1) : outputs / max(grid.channels / max(depth, 1), 1)
        guard outputs > 0, depth > 0, share > 0, grid.count > 0 else { return }
        var draft = StepDraft(
            name: node.name, label: label(node, output), reads: [input, weights], writes: [output]
        ) { layout in
            let input = layout.operand(input)
            let weights = layout.operand(weights)
            let output = layout.destination(output)
            return { execution, windows in
                let x = input.elements(execution, as: Element.self)
                let w = weights.elements(execution, as: Int8.self)
                let y = output.elements(execution, as: Element.self)
                let sums = execution.scratch.assumingMemoryBound(to: Int.self)
                let bias = bias?.bytes.assumingMemoryBound(to: Int.self)
                for window in windows {
                    for channel in 0..<outputs { sums[channel] = bias?[channel] ?? 0 }
                    grid.forEachPlace(of: window) { place, offset in
                        guard let offset else { return }
                        for channel in 0..<outputs {
                            let source = x + (offset &+ channel / share &* depth)
                            let kernel =
                                isDepthwise
                                ? w + (place &* outputs &+ channel) : w + (channel &* places &+ place) &* depth
                            var sum = 0
                            for index in 0..<depth {
                                sum &+= (Int(source[index]) &- zeroPoint) &* Int(kernel[index])
                            }
                            sums[channel] &+= sum
                        }
                    }
                    let target = y + window &* outputs
                    for channel in 0..<outputs {
                        target[channel] = Element(truncatingIfNeeded: product.stored(sums[channel], channel: channel))
                    }
                }
            }
        }
        draft.rows = grid.count
        draft.scratchByteCount = outputs * MemoryLayout<Int>.stride
        draft.floatingPointOperations = Work.product(2, grid.count, places, depth, outputs)
        append(draft)
    }

    mutating func appendIntegerPooling(_ node: TypedGraph.Node) throws(Fault) {
        switch type(try operand(node, 0)).elementType {
        case .int8: try appendPooling(node, Int8.self)
        case .uint8: try appendPooling(node, UInt8.self)
        case .int16: try appendPooling(node, Int16.self)
        case let type: throw notQuantized(node, type)
        }
    }

    private mutating func appendPooling<Element: QuantizedElement>(
        _ node: TypedGraph.Node, _ element: Element.Type
    ) throws(Fault) {
        let (input, output) = (try operand(node, 0), try output(node))
        let grid = try WindowGrid(
            over: shape(input), extents: node.attributes.integers("poolSize"),
            strides: node.attributes.integers("strides"), dilations: [1, 1],
            padding: node.attributes.text("padding"), for: node)
        let isMaximum = try node.attributes.text("kind") == "maximum"
        let range = try integerContext(node).integerOutput(type(input).elementType).range
        let channels = grid.channels
        guard grid.count > 0, channels > 0 else { return }
        var draft = StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let x = input.elements(execution, as: Element.self)
                let sums = execution.scratch.assumingMemoryBound(to: Int.self)
                for row in rows {
                    sums.update(repeating: isMaximum ? Int(Element.min) : 0, count: channels)
                    var count = 0
                    grid.forEachPlace(of: row) { _, offset in
                        guard let offset else { return }
                        count &+= 1
                        let x = x + offset
                        for channel in 0..<channels {
                            let q = Int(x[channel])
                            sums[channel] = isMaximum ? max(sums[channel], q) : sums[channel] &+ q
                        }
                    }
                    let y = output.elements(execution, as: Element.self) + row &* channels
                    for channel in 0..<channels {
                        let value = isMaximum ? sums[channel] : IntegerMean.rounded(sums[channel], max(count, 1))
                        y[channel] = Element(truncatingIfNeeded: FixedPoint.clamped(value, range))
                    }
                }
            }
        }
        draft.rows = grid.count
        draft.scratchByteCount = channels * MemoryLayout<Int>.stride
        draft.otherOperations = Work.product(grid.count, grid.rows.extent, grid.columns.extent, channels)
        append(draft)
    }
}
