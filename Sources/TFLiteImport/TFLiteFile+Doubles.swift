import EmotionFormerCore

extension TFLiteFile {
    /// Numbers of 64 bits at the ends of a model: an input that the model casts to float32 before it computes, and an output
    /// that it casts from float32. Both are float32 here, and the cast changes nothing: a number of 64 bits that is given
    /// to such an input is rounded to float32, as the cast would do. Any other FLOAT64 stays one, and is refused.
    mutating func narrowDoubles() {
        guard subgraphs[self.main].tensors.contains(where: { $0.type == .float64 }) else { return }
        let main = subgraphs[self.main]
        var readers: [Int: [Operator]] = [:]
        var makers: [Int: Operator] = [:]
        for operation in main.operators {
            for tensor in Set(operation.inputs) where tensor != -1 { readers[tensor, default: []].append(operation) }
            for tensor in operation.outputs { makers[tensor] = operation }
        }
        let (inputs, outputs) = (Set(main.inputs), Set(main.outputs))
        func isCast(_ operation: Operator, _ other: Int?) -> Bool {
            guard operationName(operation) == "CAST", let other, other != -1 else { return false }
            return main.tensors[other].type == .float32
        }
        for (tensor, content) in main.tensors.enumerated() where content.type == .float64 && !isConstant(content) {
            let isNarrow: Bool
            if inputs.contains(tensor) {
                let taken = readers[tensor] ?? []
                isNarrow = !outputs.contains(tensor) && taken.allSatisfy { isCast($0, $0.outputs.first) }
            } else if let maker = makers[tensor] {
                isNarrow = readers[tensor] == nil && isCast(maker, maker.inputs.first)
            } else {
                isNarrow = false
            }
            if isNarrow { subgraphs[self.main].tensors[tensor].type = .float32 }
        }
    }
}
