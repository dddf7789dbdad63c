package import EmotionFormerTensors

/// One rewrite of typed graphs, by name.
///
/// Law: it leaves the graph's outputs as they are but for float rounding, and a graph that it does not recognise
/// untouched.
package struct SimplifierPass: Sendable, CustomStringConvertible {
    package let name: String
    /// What it does, in a line.
    package let summary: String
    private let rewrite: @Sendable (inout GraphRewriter) throws(Fault) -> Void

    init(
        _ name: String, _ summary: String, _ rewrite: @escaping @Sendable (inout GraphRewriter) throws(Fault) -> Void
    ) {
        self.name = name
        self.summary = summary
        self.rewrite = rewrite
    }

    package var description: String { "\(name): \(summary)" }

    /// Rewrites every place in the graph that it recognises.
    package func apply(to rewriter: inout GraphRewriter) throws(Fault) {
        do throws(Fault) {
            try rewrite(&rewriter)
        } catch {
            throw error.within("simplification '\(name)'")
        }
    }

    /// Every pass, in the order in which `TypedGraph.simplified()` applies them.
    package static let all: [SimplifierPass] = [
        expandMultiHeadAttention, expandPositionalEncoding, expandRescaling, expandBatchNormalization,
        canonicalizeOperands, removeNoOperations, mergeEqualNodes, simplifyLogic, raiseDense, moveReshapes, foldAffine,
        raiseActivations, joinActivations, raiseLayerNormalization, unfoldScale, raiseAttention, mergeConstants,
        raiseMasking,
        moveRowSelection, raisePooling, raiseConvolution, raiseLoops, raiseRecurrent,
    ]

    /// The passes after which a float result can differ in its last bits from the operations that it replaces.
    static let raisingRoundings: Set<String> = [raiseAttention.name, raiseLayerNormalization.name]
}
