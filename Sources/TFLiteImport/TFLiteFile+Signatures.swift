import EmotionFormerCore

extension TFLiteFile {
    /// The name that TensorFlow gives to the signature that serves a model's users.
    static let servedSignature = "serving_default"

    /// Chooses the entry point that is read: the signature with this name or, without a name, the only one that the file
    /// can mean. That is its only signature, one that is there under several names, or `serving_default` if that is the
    /// first subgraph, too, which LiteRT's `invoke()` runs. Of a file without signatures it is the first subgraph.
    /// - Returns: the signature; nil for a file that has none.
    /// - Throws: `invalidArgument`, with the names that there are, if none has the name or several could be meant.
    mutating func choose(signature name: String?) throws(Fault) -> Signature? {
        guard let chosen = try signature(named: name) else { return nil }
        main = chosen.subgraph
        return chosen
    }

    private func signature(named name: String?) throws(Fault) -> Signature? {
        if let name {
            let found = signatures.filter { $0.key == name }
            if found.count == 1 { return found[0] }
            throw Fault(
                .invalidArgument, at: "signature",
                found.isEmpty ? "the file has no signature of this name" : "several signatures have this name",
                found: "'\(TFLiteFile.shortened(name))'",
                expected: signatures.isEmpty ? "no name, because the file has no signatures" : listedSignatures)
        }
        guard let first = signatures.first else { return nil }
        if signatures.allSatisfy({ $0.isSameEntry(as: first) }) { return first }
        let served = signatures.filter { $0.key == TFLiteFile.servedSignature && $0.subgraph == 0 }
        if served.count == 1 { return served[0] }
        throw Fault(
            .invalidArgument, at: "signature",
            "the file has several entry points, and which is meant is not certain: choose one by the parameter 'signature'",
            found: listedSignatures)
    }

    /// The names, as far as they fit into a message.
    private var listedSignatures: String {
        let shown = signatures.prefix(20).map { "'\(TFLiteFile.shortened($0.key))'" }
        let rest = signatures.count > shown.count ? ["… \(signatures.count) in all"] : []
        return (shown + rest).joined(separator: ", ")
    }
}

extension TFLiteFile.Signature {
    /// Whether this is another's subgraph under the same names for inputs and outputs.
    fileprivate func isSameEntry(as other: Self) -> Bool {
        subgraph == other.subgraph && inputs.elementsEqual(other.inputs, by: ==)
            && outputs.elementsEqual(other.outputs, by: ==)
    }
}
