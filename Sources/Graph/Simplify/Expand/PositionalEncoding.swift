import EmotionFormerCore
import EmotionFormerSystem

extension SimplifierPass {
    /// positionalEncoding → (multiply by the scale,) add a constant.
    static let expandPositionalEncoding = SimplifierPass("expandPositionalEncoding", at: .positionalEncoding) {
        rewriter, index, node throws(Fault) in
        guard let input = node.input(0), rewriter.shape(of: input).rank == 3 else { return }
        let shape = rewriter.shape(of: input)
        guard let table = try PositionalTable.make(node, frames: shape[1], width: shape[2]) else { return }
        let scale = try node.attributes.number("scale")
        rewriter.remove(index)
        let encoding = rewriter.addConstant(named: "\(node.name)/encoding", table)
        var scaled = input
        if scale != 1 {
            let factor = rewriter.addConstant(named: "\(node.name)/scale", Tensor(scalar: Float(scale)))
            scaled = rewriter.insert(
                .multiply, name: "\(node.name)/scaled", inputs: [input, factor], type: rewriter.type(of: input))
        }
        rewriter.insert(.add, name: node.name, inputs: [scaled, encoding], making: node.outputs)
    }
}

/// The encoding of each position, (1, T, D).
private enum PositionalTable {
    /// nil if the table is not a plain float32 tensor.
    static func make(_ node: TypedGraph.Node, frames: Int, width: Int) throws(Fault) -> Tensor? {
        let shape = try Shape([1, frames, width])
        if try node.attributes.text("kind") == "table" {
            guard let stored = node.weights["table"], stored.quantization == nil,
                stored.tensor.shape.rank == 2, stored.tensor.shape[1] == width, stored.tensor.shape[0] >= frames,
                let numbers = stored.tensor.elements(as: Float.self)
            else { return nil }
            return try Tensor(Array(numbers.prefix(shape.elementCount)), shape: shape)
        }
        let isInterleaved = try node.attributes.text("arrangement") == "interleaved"
        let wavelength = try node.attributes.number("maximumWavelength")
        let half = (width + 1) / 2
        var numbers: [Float] = []
        numbers.reserveCapacity(shape.elementCount)
        for position in 0..<frames {
            for column in 0..<width {
                let pair = isInterleaved ? column / 2 : column % half
                let angle = Double(position) / pow(wavelength, Double(2 * pair) / Double(width))
                let isSine = isInterleaved ? column % 2 == 0 : column < half
                numbers.append(Float(isSine ? sin(angle) : cos(angle)))
            }
        }
        return try Tensor(numbers, shape: shape)
    }
}
