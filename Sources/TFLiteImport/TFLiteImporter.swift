package import EmotionFormerCore
import EmotionFormerGraph

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads TensorFlow Lite files.
package enum TFLiteImporter {
    /// Whether the first bytes of a file are those of a TensorFlow Lite file.
    package static func recognizes(_ start: some Collection<UInt8>) -> Bool {
        start.count >= 8 && start.dropFirst(4).prefix(4).elementsEqual("TFL3".utf8)
    }

    /// - Parameters:
    ///   - path: the file's path.
    /// - Throws: `missingFile` or `unreadableFile`, and what `read(_:name:signature:limits:)` throws.
    package static func read(contentsOf path: String) throws(Fault) -> ImportedModel {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw Fault(.missingFile, at: path, "there is no such file")
        }
        guard !isFolder else {
            throw Fault(.unreadableFile, at: path, "a file was expected", found: "a folder")
        }
        let bytes: [UInt8]
        do {
            bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw Fault(.unreadableFile, at: path, "the file cannot be read", found: "\(error)")
        }
        return try read(bytes, name: path)
    }

    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - name: the file's name in errors.
    ///   - signature: the entry point to read, by its name; nil for the only one that the file can mean.
    ///   - keepsStates: whether the states of fused LSTMs are variables, as they are in TensorFlow Lite; otherwise each
    ///     run starts them from zero.
    ///   - limits: limits on what the file describes.
    /// - Throws: a fault whose place is the name, subgraph, operator and tensor; `invalidArgument` for a signature that
    ///   the file lacks, or if it has several and none is named.
    package static func read(
        _ bytes: [UInt8], name: String, signature: String? = nil, keepsStates: Bool = false, limits: Limits = Limits()
    ) throws(Fault) -> ImportedModel {
        do throws(Fault) {
            var file = try TFLiteFile(bytes: bytes, limits: limits)
            try file.validate()
            let chosen = try file.choose(signature: signature)
            file.narrowDoubles()
            return try model(of: file, chosen, keepsStates: keepsStates)
        } catch {
            throw error.within(name)
        }
    }

    private static func model(
        of file: TFLiteFile, _ signature: TFLiteFile.Signature?, keepsStates: Bool
    ) throws(Fault) -> ImportedModel {
        var names = UniqueNames()
        let graphNames = file.subgraphs.enumerated().map { index, subgraph in
            names.claim(subgraph.name, suffix: "subgraph\(index)")
        }
        let constants = ConstantStore(file)
        let lists = TensorLists()
        var program = Program(graphs: [], tensors: [:])
        var subgraphs: [ImportedModel.Subgraph] = []
        let needed = try reachable(in: file)
        let variables = FileVariables(file, subgraphs: needed)
        let handed = try HandedConstants(file, subgraphs: needed)
        for index in needed {
            let importer = SubgraphImporter(
                file, subgraph: index, graphNames: graphNames, constants: constants, lists: lists,
                variables: variables, handed: handed, keepsStates: keepsStates)
            program.graphs.append(try importer.graph())
            subgraphs.append(
                ImportedModel.Subgraph(
                    index: index, graph: graphNames[index], operators: operators(of: importer),
                    valueNames: importer.valueNames))
        }
        program.tensors = constants.tensors
        func entries(_ list: [(name: String, tensor: Int)]?) -> [ImportedModel.SignatureEntry] {
            (list ?? []).compactMap { entry in
                subgraphs.first?.valueNames[entry.tensor].map { .init(name: entry.name, value: $0) }
            }
        }
        let main = file.subgraphs[file.main]
        return ImportedModel(
            program: try program.validated(), subgraphs: subgraphs, signatureInputs: entries(signature?.inputs),
            signatureOutputs: entries(signature?.outputs), signature: signature?.key,
            signatures: file.signatures.map { signature in
                ImportedModel.Signature(
                    name: signature.key, inputs: signature.inputs.map(\.name),
                    outputs: signature.outputs.map(\.name))
            },
            hasOpenBatch: main.inputs.first.flatMap { main.tensors[$0].signature.first }.map { $0 < 0 } ?? false,
            outputExtents: main.outputs.map { tensor in
                let content = main.tensors[tensor]
                return zip(content.signature, content.shape).map { $0 < 0 ? nil : $1 }
            }, description: file.description, metadata: metadata(of: file))
    }

    private static func metadata(of file: TFLiteFile) -> [UInt8]? {
        let entries = file.metadata.filter { $0.name == ModelMetadata.name }
        guard entries.count == 1, let entry = entries.first else { return nil }
        return Array(file.bytes[file.buffers[entry.buffer].range])
    }

    /// The main subgraph and those that it runs, each once.
    private static func reachable(in file: TFLiteFile) throws(Fault) -> [Int] {
        var result = [file.main]
        var seen: Set<Int> = [file.main]
        var next = 0
        while next < result.count {
            for operation in file.subgraphs[result[next]].operators {
                for target in try file.calls(of: operation) where seen.insert(target).inserted {
                    result.append(target)
                }
            }
            next += 1
        }
        return result
    }

    private static func operators(of importer: SubgraphImporter) -> [ImportedModel.Operator] {
        importer.file.subgraphs[importer.index].operators.enumerated().map { index, operation in
            ImportedModel.Operator(
                index: index, name: importer.file.operationName(operation),
                version: importer.file.operatorCodes[operation.code].version,
                outputs: operation.outputs.filter { importer.hasValue($0) }.map { ($0, importer.name($0)) })
        }
    }
}
