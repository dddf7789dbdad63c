import EmotionFormerCore
import EmotionFormerGraph
import EmotionFormerKernelInterface

extension StepBuilder {
    /// Windows over time, treated as the height of an image of width 1.
    mutating func appendPooling1D(_ node: TypedGraph.Node) throws(Fault) {
        let input = try operand(node, 0)
        let own = shape(input)
        guard own.rank == 3 else { throw unsupported(node, "the input is not B × T × C") }
        let grid = try WindowGrid(
            over: Shape([own[0], own[1], 1, own[2]]), extents: [node.attributes.integer("poolSize"), 1],
            strides: [node.attributes.integer("stride"), 1], dilations: [1, 1],
            padding: node.attributes.text("padding"), for: node)
        try appendPooling(node, grid)
    }

    mutating func appendPooling2D(_ node: TypedGraph.Node) throws(Fault) {
        let grid = try WindowGrid(
            over: shape(operand(node, 0)), extents: node.attributes.integers("poolSize"),
            strides: node.attributes.integers("strides"), dilations: [1, 1],
            padding: node.attributes.text("padding"), for: node)
        try appendPooling(node, grid)
    }

    /// Padding is ignored.
    private mutating func appendPooling(_ node: TypedGraph.Node, _ grid: WindowGrid) throws(Fault) {
        let input = try operand(node, 0)
        try requireFloat(input, node)
        let output = try output(node)
        let isMaximum = try node.attributes.text("kind") == "maximum"
        let channels = grid.channels
        guard grid.count > 0, channels > 0 else { return }
        let (axes, pool) = (grid.axes, kernels.poolWindows)
        var draft = StepDraft(name: node.name, label: label(node, output), reads: [input], writes: [output]) { layout in
            let input = layout.operand(input)
            let output = layout.destination(output)
            return { execution, rows in
                pool(
                    WindowPooling(
                        input: input.floats(execution), output: output.floats(execution), rows: axes.rows,
                        columns: axes.columns, channels: channels, isMaximum: isMaximum), rows)
            }
        }
        draft.rows = grid.count
        draft.otherOperations = Work.product(grid.count, grid.rows.extent, grid.columns.extent, channels)
        append(draft)
    }
}
