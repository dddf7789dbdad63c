extension TFLiteFile {
    /// `subgraph 0`
    func place(subgraph: Int) -> String { "subgraph \(subgraph)" }

    /// `subgraph 0: operator 12 (FULLY_CONNECTED)`
    func place(operator index: Int, subgraph: Int) -> String {
        "\(place(subgraph: subgraph)): operator \(index) (\(operationName(subgraphs[subgraph].operators[index])))"
    }

    /// `tensor 7 'name'`
    func place(tensor index: Int, subgraph: Int) -> String {
        let tensors = subgraphs[subgraph].tensors
        guard tensors.indices.contains(index) else { return "tensor \(index)" }
        return "tensor \(index) '\(TFLiteFile.shortened(tensors[index].name))'"
    }

    /// The schema's name of an operation, with a custom operation's own name.
    func operationName(_ operation: Operator) -> String {
        guard operatorCodes.indices.contains(operation.code) else { return "code \(operation.code)" }
        let code = operatorCodes[operation.code]
        guard code.builtin == .custom else { return code.builtin.name }
        return "CUSTOM \(TFLiteFile.shortened(code.customName ?? ""))"
    }

    /// Shortens a name for a message, because a file can hold names of any length.
    static func shortened(_ name: String) -> String {
        name.utf8.count <= 120 ? name : String(name.unicodeScalars.prefix(100).map(Character.init)) + "…"
    }
}
