package import EmotionFormerCore

/// A package's self-test: inputs with the outputs that another program computed for them.
package struct SelfTest: Sendable {
    /// The values of one input in all runs.
    package struct Input: Sendable {
        /// The name of one of the model's inputs.
        package var name: String
        /// (N, …): the runs in place of the batch axis, or before all axes of an input without one. Clips are complete,
        /// before normalization: (N, frames, features), float32; a vector's are (N, features).
        package var tensor: Tensor

        package init(name: String, tensor: Tensor) {
            self.name = name
            self.tensor = tensor
        }
    }

    /// The expected values of one output in all runs.
    package struct Output: Sendable {
        /// The name of one of the model's outputs.
        package var name: String
        /// (N, …)
        package var tensor: Tensor
        /// The largest absolute difference that is allowed.
        package var tolerance: Double

        package init(name: String, tensor: Tensor, tolerance: Double) {
            self.name = name
            self.tensor = tensor
            self.tolerance = tolerance
        }
    }

    /// The program that computed the outputs: `keras 3.15`, `litert 2.3`, `numpy-float64`.
    package var oracle: String
    package var inputs: [Input]
    package var outputs: [Output]

    package init(oracle: String, inputs: [Input], outputs: [Output]) {
        self.oracle = oracle
        self.inputs = inputs
        self.outputs = outputs
    }

    /// The number of runs.
    package var runCount: Int { inputs.first.map { $0.tensor.shape.rank > 0 ? $0.tensor.shape[0] : 0 } ?? 0 }

    package func output(named name: String) -> Output? { outputs.first { $0.name == name } }
}
