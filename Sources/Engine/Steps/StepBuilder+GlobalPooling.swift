import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface
import EmotionFormerKernels

extension StepBuilder {
    /// (B, T, C) → (B, C): the mean or maximum over time, the mean over the kept steps if there is a mask.
    mutating func appendGlobalPooling(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let output = try output(node)
        try requireFloat(input, node)
        let extents = shape(input).extents
        guard extents.count == 3, extents[1] > 0, extents[2] > 0 else {
            throw unsupported(node, "pooling over this shape", found: "\(shape(input))")
        }
        let (batches, frames, channels) = (extents[0], extents[1], extents[2])
        let isMaximum = try node.attributes.text("kind") == "maximum"
        let reduce = kernels.reduceColumns
        let maskedMean = kernels.maskedMeanOfColumns
        let mask = isMaximum ? nil : node.input(1)
        append(
            StepDraft(
                name: node.name,
                label: "\(isMaximum ? "maximum" : "mean") over \(frames)" + (mask == nil ? "" : " masked"),
                reads: [input] + (mask.map { [$0] } ?? []), writes: [output]
            ) { layout in
                let source = layout.operand(input)
                let maskOperand = mask.map { layout.operand($0) }
                let destination = layout.destination(output)
                return { execution, _ in
                    for batch in 0..<batches {
                        let x = source.floats(execution) + batch &* frames &* channels
                        let y = destination.floats(execution) + batch &* channels
                        guard let maskOperand else {
                            reduce(isMaximum ? .maximum : .mean, x, channels, y, frames, channels)
                            continue
                        }
                        let keep = maskOperand.elements(execution, as: UInt8.self) + batch &* frames
                        var isAnyKept = false
                        for frame in 0..<frames where keep[frame] != 0 { isAnyKept = true }
                        if isAnyKept {
                            maskedMean(x, channels, keep, y, frames, channels)
                        } else {
                            // 0 ÷ 0, as in the source frameworks.
                            for channel in 0..<channels { y[channel] = .nan }
                        }
                    }
                }
            })
    }
}
