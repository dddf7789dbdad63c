import EmotionFormerTensors

/// One rewrite of typed graphs.
///
/// Law: it leaves the graph's outputs as they are but for float rounding, and a graph that it does not recognise
/// untouched.
package struct SimplifierPass: Sendable {
    /// What errors and tests call it.
    package let name: String
    /// Whether a float result can differ in its last bits from the operations that it replaces.
    let changesRounding: Bool
    private let rewrite: @Sendable (inout GraphRewriter) throws(Fault) -> Void

    init(
        _ name: String, changesRounding: Bool = false,
        _ rewrite: @escaping @Sendable (inout GraphRewriter) throws(Fault) -> Void
    ) {
        self.name = name
        self.changesRounding = changesRounding
        self.rewrite = rewrite
    }

    /// A pass that looks at each node of some operations.
    init(
        _ name: String, at operations: Operation...,
        rewrite: @escaping @Sendable (inout GraphRewriter, Int, TypedGraph.Node) throws(Fault) -> Void
    ) {
        self.init(name) { rewriter throws(Fault) in
            for index in rewriter.indices(of: operations) {
                if let node = rewriter.nodes[index] { try rewrite(&rewriter, index, node) }
            }
        }
    }

    /// Rewrites every place in the graph that it recognises.
    func apply(to rewriter: inout GraphRewriter) throws(Fault) {
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
        raiseMasking, moveRowSelection, raisePooling, raiseConvolution, raiseLoops, raiseRecurrent,
    ]
}
