import EmotionFormerCore
import EmotionFormerGraph

extension StepBuilder {
    mutating func appendActivation(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        try requireFloat(input, node)
        let function = try node.attributes.activation("function")
        guard function != .linear else {
            alias(output, to: input)
            return
        }
        let activation = ElementwiseActivation(
            function, alpha: try node.attributes.optionalNumber("alpha"),
            threshold: try node.attributes.optionalNumber("threshold"),
            maximum: try node.attributes.optionalNumber("maximum"), value: try node.attributes.optionalNumber("value"),
            kernels: kernels)
        let columns = max(shape(input).extents.last ?? 1, 1)
        var draft = StepDraft(name: node.name, label: function.rawValue, reads: [input], writes: [output]) { layout in
            let source = layout.operand(input)
            let destination = layout.destination(output)
            return { execution, rows in
                let start = rows.lowerBound &* columns
                activation.apply(
                    source.floats(execution) + start, destination.floats(execution) + start, rows.count &* columns)
            }
        }
        draft.rows = shape(input).elementCount / columns
        draft.alignedReads = [input]
        draft.worksRowwise()
        append(draft)
    }
}
