import EmotionFormerCore

extension SimplifierPass {
    /// rescaling → multiply by and add scalars; a factor of 1 and a summand of 0 are left out.
    static let expandRescaling = SimplifierPass("expandRescaling", at: .rescaling) {
        rewriter, index, node throws(Fault) in
        guard let input = node.input(0), rewriter.type(of: input).elementType == .float32 else { return }
        let scale = Float(try node.attributes.number("scale"))
        let offset = Float(try node.attributes.number("offset"))
        rewriter.remove(index)
        let factor = rewriter.addConstant(named: "\(node.name)/scale", Tensor(scalar: scale))
        guard offset != 0 else {
            rewriter.insert(.multiply, name: node.name, inputs: [input, factor], making: node.outputs)
            return
        }
        let summand = rewriter.addConstant(named: "\(node.name)/offset", Tensor(scalar: offset))
        var scaled = input
        if scale != 1 {
            scaled = rewriter.insert(
                .multiply, name: "\(node.name)/scaled", inputs: [input, factor], type: rewriter.type(of: input))
        }
        rewriter.insert(.add, name: node.name, inputs: [scaled, summand], making: node.outputs)
    }
}
