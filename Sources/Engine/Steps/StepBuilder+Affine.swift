import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernels

extension StepBuilder {
    /// x · scale + offset in float32, for operands of any number type.
    mutating func appendRescaling(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let scale = Float(try node.attributes.number("scale"))
        let offset = Float(try node.attributes.number("offset"))
        let run: ElementRun =
            switch type(input).elementType {
            case .float32: ElementRuns.unary { (x: Float) in x * scale + offset }
            case .float16: ElementRuns.unary { (x: UInt16) in Float(halfBits: x) * scale + offset }
            case .int8: ElementRuns.unary { (x: Int8) in Float(x) * scale + offset }
            case .uint8, .bool: ElementRuns.unary { (x: UInt8) in Float(x) * scale + offset }
            case .int16: ElementRuns.unary { (x: Int16) in Float(x) * scale + offset }
            case .int32: ElementRuns.unary { (x: Int32) in Float(x) * scale + offset }
            case .int64: ElementRuns.unary { (x: Int64) in Float(x) * scale + offset }
            }
        try appendElementwise(node, inputs: [input], run: run)
    }

    /// x · factor + shift a channel, as Keras computes it; both are made here, in double precision.
    mutating func appendBatchNormalization(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let output = try output(node)
        let shape = shape(input)
        guard shape.elementCount > 0 else { return }
        let axis = try shape.axis(node.attributes.integer("axis"))
        let epsilon = try node.attributes.number("epsilon")
        let channels = shape[axis]
        guard let mean = node.weights["mean"]?.tensor.doubles, let variance = node.weights["variance"]?.tensor.doubles
        else { throw Fault(.missingField, at: node.place, "the mean or the variance is absent") }
        let gamma = node.weights["gamma"]?.tensor.doubles
        let beta = node.weights["beta"]?.tensor.doubles
        guard [mean, variance, gamma ?? mean, beta ?? mean].allSatisfy({ $0.count == channels }) else {
            throw Fault(.shapeMismatch, at: node.place, "a weight has another number of channels than the input")
        }
        let factors = ConstantAddress(
            makeBuffer(byteCount: channels * 8) { bytes in
                let factors = bytes.assumingMemoryBound(to: Float.self)
                for channel in 0..<channels {
                    let factor = (gamma?[channel] ?? 1) / (variance[channel] + epsilon).squareRoot()
                    factors[channel] = Float(factor)
                    factors[channels + channel] = Float((beta?[channel] ?? 0) - mean[channel] * factor)
                }
            })
        let inner = shape.elementCount(of: (axis + 1)..<shape.rank)
        let size = channels * inner
        var draft = StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                let factors = factors.floats
                for row in rows {
                    let x = input.floats(execution) + row &* size
                    let y = output.floats(execution) + row &* size
                    if inner == 1 {
                        for channel in 0..<channels {
                            y[channel] = x[channel] * factors[channel] + factors[channels &+ channel]
                        }
                        continue
                    }
                    for channel in 0..<channels {
                        let factor = factors[channel]
                        let shift = factors[channels &+ channel]
                        for index in (channel &* inner)..<(channel &* inner &+ inner) {
                            y[index] = x[index] * factor + shift
                        }
                    }
                }
            }
        }
        draft.rows = shape.elementCount / size
        draft.alignedReads = [input]
        draft.worksRowwise()
        append(draft)
    }

    /// scale · x + encoding of the position.
    mutating func appendPositionalEncoding(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let output = try output(node)
        let shape = shape(input)
        guard shape.rank == 3, shape.elementCount > 0 else { throw unsupported(node, "the input is not B × T × D") }
        let frames = shape[1]
        let width = shape[2]
        let table: ConstantAddress
        if try node.attributes.text("kind") == "table" {
            guard let stored = node.weights["table"] else {
                throw Fault(.missingField, at: node.place, "the weight 'table' is absent")
            }
            table = try makeFloats(stored, for: node)
        } else {
            table = try makeSinusoids(node, frames: frames, width: width)
        }
        let scale = Float(try node.attributes.number("scale"))
        var draft = StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                for row in rows {
                    let x = input.floats(execution) + row &* width
                    let y = output.floats(execution) + row &* width
                    let encoding = table.floats + row % frames &* width
                    for column in 0..<width { y[column] = x[column] * scale + encoding[column] }
                }
            }
        }
        draft.rows = shape[0] * frames
        draft.alignedReads = [input]
        append(draft)
    }

    /// masked steps become zeros; which steps are kept.
    mutating func appendMasking(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let output = try output(node)
        let mask = node.outputs.count > 1 ? node.outputs[1] : nil
        let value = Float(try node.attributes.number("maskValue"))
        let shape = shape(input)
        guard shape.elementCount > 0, let width = shape.extents.last else { return }
        var draft = StepDraft(
            name: node.name, label: label(node, output), reads: [input], writes: [output] + (mask.map { [$0] } ?? [])
        ) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            let mask = mask.map { layout.destination($0) }
            return { execution, rows in
                for row in rows {
                    let x = input.floats(execution) + row &* width
                    let y = output.floats(execution) + row &* width
                    var column = 0
                    while column < width, x[column] == value { column &+= 1 }
                    let keeps = column < width
                    if keeps { y.update(from: x, count: width) } else { y.update(repeating: 0, count: width) }
                    if let mask { mask.elements(execution, as: UInt8.self)[row] = keeps ? 1 : 0 }
                }
            }
        }
        draft.rows = shape.elementCount / width
        draft.alignedReads = [input]
        draft.worksRowwise()
        append(draft)
    }
}
