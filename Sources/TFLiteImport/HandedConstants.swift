import EmotionFormerCore

/// The constants that loops and branches are given: what a file's constant is outside, it is inside, too.
///
/// An operand of a loop is a constant in its condition and its body if the body hands it on unchanged, and then it is one
/// behind the loop as well. A subgraph that several operators run has a constant only where all of them give the same.
struct HandedConstants {
    private struct Key: Hashable {
        var subgraph: Int
        var tensor: Int
    }

    private let file: TFLiteFile
    /// The tensor of the same subgraph whose value a loop's result is, where it is an operand that the loop does not change.
    private var sources: [Key: Int] = [:]
    /// What the inputs of a subgraph are; nil where its callers do not give one constant.
    private var inputs: [Key: TFLiteFile.Tensor?] = [:]

    /// - Parameter subgraphs: the main one, and each that they run behind those that run it.
    init(_ file: TFLiteFile, subgraphs: [Int]) throws(Fault) {
        self.file = file
        guard subgraphs.count > 1 else { return }
        let ordered = try HandedConstants.callersFirst(file, subgraphs)
        for index in ordered.reversed() { try findSources(index) }
        for index in ordered { try handOn(index) }
    }

    /// The file's constant that a tensor is, if it is one or stands for one.
    func constant(_ tensor: Int, subgraph: Int) -> TFLiteFile.Tensor? {
        let tensor = source(tensor, subgraph)
        let content = file.subgraphs[subgraph].tensors[tensor]
        guard !file.isConstant(content) else { return content }
        return inputs[Key(subgraph: subgraph, tensor: tensor)] ?? nil
    }

    private func source(_ tensor: Int, _ subgraph: Int) -> Int {
        sources[Key(subgraph: subgraph, tensor: tensor)] ?? tensor
    }

    /// Operators stand behind those whose results they take, so a source is never followed twice.
    private mutating func findSources(_ index: Int) throws(Fault) {
        for operation in file.subgraphs[index].operators {
            guard file.operationName(operation) == "WHILE" else { continue }
            let body = try file.calls(of: operation)[1]
            let (given, made) = (file.subgraphs[body].inputs, file.subgraphs[body].outputs)
            for (position, tensor) in operation.outputs.enumerated() {
                guard given.indices.contains(position), made.indices.contains(position),
                    operation.inputs.indices.contains(position), operation.inputs[position] != -1,
                    source(made[position], body) == given[position]
                else { continue }
                sources[Key(subgraph: index, tensor: tensor)] = source(operation.inputs[position], index)
            }
        }
    }

    private mutating func handOn(_ index: Int) throws(Fault) {
        for operation in file.subgraphs[index].operators {
            let bodies = try file.calls(of: operation)
            let isLoop = file.operationName(operation) == "WHILE"
            let operands = isLoop ? operation.inputs[...] : operation.inputs.dropFirst()
            for body in bodies {
                for (position, tensor) in zip(file.subgraphs[body].inputs.indices, operands) {
                    let isKept =
                        !isLoop
                        || (operation.outputs.indices.contains(position)
                            && sources[Key(subgraph: index, tensor: operation.outputs[position])] != nil)
                    let given = tensor != -1 && isKept ? constant(tensor, subgraph: index) : nil
                    give(given, to: Key(subgraph: body, tensor: file.subgraphs[body].inputs[position]))
                }
            }
        }
    }

    private mutating func give(_ given: TFLiteFile.Tensor?, to key: Key) {
        guard let known = inputs[key] else {
            inputs[key] = .some(given)
            return
        }
        if let given, let known, areSame(given, known) { return }
        inputs[key] = .some(nil)
    }

    private func areSame(_ first: TFLiteFile.Tensor, _ second: TFLiteFile.Tensor) -> Bool {
        guard first.type == second.type, first.shape == second.shape, first.quantization == second.quantization else {
            return false
        }
        let (one, other) = (file.buffers[first.buffer].range, file.buffers[second.buffer].range)
        // Axes and shapes are short; of more than that the same bytes must be one buffer.
        return first.buffer == second.buffer || (one.count <= 1024 && file.bytes[one] == file.bytes[other])
    }

    /// Validation has found that no subgraph runs itself, and how deep they are nested.
    private static func callersFirst(_ file: TFLiteFile, _ subgraphs: [Int]) throws(Fault) -> [Int] {
        var callers: [Int: Int] = [:]
        var called: [Int: [Int]] = [:]
        for index in subgraphs {
            for operation in file.subgraphs[index].operators {
                for target in try file.calls(of: operation) {
                    called[index, default: []].append(target)
                    callers[target, default: 0] += 1
                }
            }
        }
        var result = [file.main]
        var next = 0
        while next < result.count {
            for target in called[result[next]] ?? [] {
                callers[target, default: 0] -= 1
                if callers[target] == 0 { result.append(target) }
            }
            next += 1
        }
        return result
    }
}
