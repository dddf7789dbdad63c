import EmotionFormerCore

extension TFLiteFile {
    /// Checks everything that the importer relies on: indices, shapes against buffers, quantization, the order of
    /// operators, calls of subgraphs. Memory for tensors is allocated only afterwards.
    /// - Throws: the first fault, with subgraph, operator and tensor.
    func validate() throws(Fault) {
        guard !subgraphs.isEmpty else {
            throw Fault(.malformedTFLite, at: "", "the file has no subgraph")
        }
        for subgraph in subgraphs.indices {
            do throws(Fault) {
                try validateTensors(of: subgraph)
                try validateBorders(of: subgraph)
            } catch {
                throw error.within(place(subgraph: subgraph))
            }
            for index in subgraphs[subgraph].operators.indices {
                do throws(Fault) {
                    try validate(subgraphs[subgraph].operators[index], in: subgraph)
                } catch {
                    throw error.within(place(operator: index, subgraph: subgraph))
                }
            }
            try validateOrder(of: subgraph)
        }
        try validateCalls()
        try validateSignatures()
    }

    private func validateBorders(of index: Int) throws(Fault) {
        let subgraph = subgraphs[index]
        var seen: Set<Int> = []
        for tensor in subgraph.inputs {
            try checkTensor(tensor, in: index, "an input")
            guard seen.insert(tensor).inserted else {
                throw Fault(
                    .duplicateName, at: place(tensor: tensor, subgraph: index), "the tensor is an input twice")
            }
            guard !isConstant(subgraph.tensors[tensor]) else {
                throw Fault(
                    .malformedTFLite, at: place(tensor: tensor, subgraph: index), "an input holds constant data")
            }
        }
        for tensor in subgraph.outputs { try checkTensor(tensor, in: index, "an output") }
    }

    private func validate(_ operation: Operator, in subgraph: Int) throws(Fault) {
        guard operatorCodes.indices.contains(operation.code) else {
            throw Fault(
                .outOfBounds, at: "", "there is no such operator code", found: "\(operation.code)",
                expected: "0..<\(operatorCodes.count)")
        }
        for tensor in operation.inputs where tensor != -1 { try checkTensor(tensor, in: subgraph, "an input") }
        for tensor in operation.outputs { try checkTensor(tensor, in: subgraph, "an output") }
        for tensor in operation.intermediates where tensor != -1 {
            try checkTensor(tensor, in: subgraph, "an intermediate tensor")
        }
    }

    private func checkTensor(_ tensor: Int, in subgraph: Int, _ role: String) throws(Fault) {
        guard subgraphs[subgraph].tensors.indices.contains(tensor) else {
            throw Fault(
                .outOfBounds, at: "tensor \(tensor)", "\(role) names a tensor that is not there",
                expected: "0..<\(subgraphs[subgraph].tensors.count)")
        }
    }

    /// Checks that every operand is an input, a constant, a variable, or the result of an earlier operator.
    private func validateOrder(of index: Int) throws(Fault) {
        let subgraph = subgraphs[index]
        var known = subgraph.tensors.map { isConstant($0) || $0.isVariable }
        for tensor in subgraph.inputs { known[tensor] = true }
        var written = Set(subgraph.inputs)
        for (position, operation) in subgraph.operators.enumerated() {
            for tensor in operation.inputs where tensor != -1 && !known[tensor] {
                throw Fault(
                    .cyclicGraph,
                    at: "\(place(operator: position, subgraph: index)): \(place(tensor: tensor, subgraph: index))",
                    "the operand is neither an input nor a constant nor the result of an operator before")
            }
            for tensor in operation.outputs {
                // Only a variable may already have a value when it is written, once.
                guard !known[tensor] || (subgraph.tensors[tensor].isVariable && written.insert(tensor).inserted) else {
                    throw Fault(
                        .duplicateName,
                        at: "\(place(operator: position, subgraph: index)): \(place(tensor: tensor, subgraph: index))",
                        "the result already has a value")
                }
                known[tensor] = true
            }
        }
        for tensor in subgraph.outputs where !known[tensor] {
            throw Fault(
                .unknownName, at: "\(place(subgraph: index)): \(place(tensor: tensor, subgraph: index))",
                "no operator produces this output")
        }
    }

    private func validateSignatures() throws(Fault) {
        for (index, signature) in signatures.enumerated() {
            guard subgraphs.indices.contains(signature.subgraph) else {
                throw Fault(
                    .outOfBounds, at: "signature \(index)", "the signature names a subgraph that is not there",
                    found: "\(signature.subgraph)", expected: "0..<\(subgraphs.count)")
            }
            for (name, tensor) in signature.inputs + signature.outputs {
                guard subgraphs[signature.subgraph].tensors.indices.contains(tensor) else {
                    throw Fault(
                        .outOfBounds, at: "signature \(index): '\(TFLiteFile.shortened(name))'",
                        "the signature names a tensor that is not there", found: "\(tensor)",
                        expected: "0..<\(subgraphs[signature.subgraph].tensors.count)")
                }
            }
        }
        for (index, entry) in metadata.enumerated() where !buffers.indices.contains(entry.buffer) {
            throw Fault(
                .outOfBounds, at: "metadata \(index) '\(TFLiteFile.shortened(entry.name))'",
                "the metadata name a buffer that is not there", found: "\(entry.buffer)",
                expected: "0..<\(buffers.count)")
        }
    }
}
