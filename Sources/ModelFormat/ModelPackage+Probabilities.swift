package import EmotionFormerCore
import EmotionFormerGraph

extension ModelPackage {
    /// The same model, whose main output is the softmax of the logits if it is logits.
    package consuming func endingInProbabilities() throws(Fault) -> ModelPackage {
        guard var main = outputs.first, main.kind == .logits else { return self }
        var program = program
        var logits = main
        main.value = program.addSoftmax(to: logits.value)
        main.kind = .probabilities
        program.graphs[0].outputs.append(logits.value)
        if logits.name == main.name {
            logits.name = OutputSpecification.logitsName
            main.name = OutputSpecification.probabilitiesName
        }
        let others = outputs.dropFirst().filter { $0.name != main.name && $0.name != logits.name }
        var package = try ModelPackage(
            name: name, license: license, citation: citation, metadata: metadata, producer: producer, inputs: inputs,
            labels: labels, program: program, outputs: [main, logits] + others)
        package.sourceChecksum = sourceChecksum
        package.sourceVersion = sourceVersion
        package.signatures = signatures
        return package
    }
}
