package import EmotionFormerTensors

extension TypedGraph {
    /// The same graph in canonical, layer-level form.
    package func simplified() throws(Fault) -> TypedGraph { self }
}
