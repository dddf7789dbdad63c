import EmotionFormerCore

/// One rewrite of typed graphs.
///
/// Law: it preserves the graph's outputs except for float rounding, and leaves a graph that it does not recognize
/// unchanged.
package struct SimplifierPass: Sendable {
    /// The name in errors and tests.
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

    /// A pass that visits each node with one of some operations.
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

    /// Rewrites every match in the graph.
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
