/// A model's prediction for one clip.
public struct Prediction: Sendable, Hashable {
    /// An output of the model beside its main one.
    public struct OtherOutput: Sendable, Hashable {
        public let name: String
        public let kind: OutputKind
        /// The extents, outermost axis first; mostly the first is the batch's, with extent 1.
        public let shape: [Int]
        /// The elements in row-major order. Integers up to 2⁵³ are exact.
        public let elements: [Double]

        package init(name: String, kind: OutputKind, shape: [Int], elements: [Double]) {
            self.name = name
            self.kind = kind
            self.shape = shape
            self.elements = elements
        }
    }

    /// Names of the main output's numbers, in its order: class names, or `class0`, `value0` and so on.
    public private(set) var labels: [String]
    /// What the main output's numbers are.
    public private(set) var kind: OutputKind
    /// The main output's numbers, whatever they are: one for each label; for a model with a row for each frame, frames ×
    /// labels in row-major order.
    public private(set) var outputs: [Float]
    /// The number of rows in `outputs`: 1, or `framesUsed` for a model with a row for each frame.
    public private(set) var rowCount: Int
    /// The inputs of the final softmax, in the order of `outputs`; nil if the model does not give them.
    public private(set) var logits: [Float]?
    /// The number of the clip's frames that the model used.
    public private(set) var framesUsed: Int
    /// The model's outputs beside the main one and its logits.
    public private(set) var otherOutputs: [OtherOutput]
    /// Whether the largest output names the clip's class.
    private var choosesLabel: Bool
    /// Whether the largest output of a row names the frame's class.
    private var rowsChooseLabel = false

    /// An empty prediction, for `EmotionModel.predict(_:into:)`.
    public init() { self.init(labels: [], outputs: [], logits: nil, framesUsed: 0) }

    package init(
        labels: [String], kind: OutputKind = .probabilities, outputs: [Float], rowCount: Int = 1, logits: [Float]?,
        framesUsed: Int, otherOutputs: [OtherOutput] = [], choosesLabel: Bool = true
    ) {
        self.labels = labels
        self.kind = kind
        self.outputs = outputs
        self.rowCount = rowCount
        self.logits = logits
        self.framesUsed = framesUsed
        self.otherOutputs = otherOutputs
        self.choosesLabel = choosesLabel
    }

    /// One for each label, in the labels' order; empty if the main output's numbers are no probabilities.
    public var probabilities: [Float] { kind == .probabilities ? outputs : [] }

    /// Independent scores between 0 and 1, one for each label; empty if the main output's numbers are no scores.
    public var scores: [Float] { kind == .scores ? outputs : [] }

    /// Numbers of which nothing is known, one for each label; empty if the main output's numbers are probabilities or
    /// scores.
    public var values: [Float] { kind == .values ? outputs : [] }

    /// The index of the label with the largest output, the first one of a tie.
    public var labelIndex: Int {
        outputs.indices.prefix(rowCount == 1 ? outputs.count : labels.count).reduce(0) {
            outputs[$1] > outputs[$0] ? $1 : $0
        }
    }

    /// The label with the largest output. Empty where no label can be named: a single score, values without class
    /// names, a row for each frame.
    public var label: String { choosesLabel && labels.indices.contains(labelIndex) ? labels[labelIndex] : "" }

    /// The output for a label; nil if the model has no such label, or a row for each frame.
    public subscript(label: String) -> Float? {
        guard rowCount == 1 else { return nil }
        return labels.firstIndex(of: label).flatMap { outputs.indices.contains($0) ? outputs[$0] : nil }
    }

    /// The `count` labels with the largest outputs, in descending order, ties in the labels' order; empty for a row for
    /// each frame.
    public func top(_ count: Int) -> [(label: String, output: Float)] {
        guard rowCount == 1 else { return [] }
        let order = zip(labels.indices, outputs.indices).map(\.0).sorted {
            outputs[$0] != outputs[$1] ? outputs[$0] > outputs[$1] : $0 < $1
        }
        return order.prefix(max(count, 0)).map { (labels[$0], outputs[$0]) }
    }

    /// A prediction for each frame that the model used, in order; empty for a model with one row for the clip.
    public var frames: [Prediction] {
        guard isPerFrame, !labels.isEmpty else { return [] }
        return (0..<rowCount).map { row in
            let range = row * labels.count..<(row + 1) * labels.count
            return Prediction(
                labels: labels, kind: kind, outputs: Array(outputs[range]), logits: logits.map { Array($0[range]) },
                framesUsed: 1, choosesLabel: rowsChooseLabel)
        }
    }

    /// Whether the model gives a row for each frame.
    public private(set) var isPerFrame = false

    /// What a model's predictions have in common.
    struct Form: Sendable {
        var labels: [String]
        var kind: OutputKind
        var isPerFrame: Bool
        /// Whether the largest number of a row names a class.
        var rowsChooseLabel: Bool
        var choosesLabel: Bool
    }

    /// Replaces the contents, in the existing storage if the numbers of elements are the same.
    mutating func replace(
        _ form: Form, outputs: UnsafeBufferPointer<Float>, logits: UnsafeBufferPointer<Float>?, rowCount: Int,
        framesUsed: Int, otherOutputs: [OtherOutput]
    ) {
        labels = form.labels
        kind = form.kind
        isPerFrame = form.isPerFrame
        choosesLabel = form.choosesLabel
        rowsChooseLabel = form.rowsChooseLabel
        self.rowCount = rowCount
        self.framesUsed = framesUsed
        self.otherOutputs = otherOutputs
        Prediction.fill(&self.outputs, outputs)
        guard let logits else {
            self.logits = nil
            return
        }
        // Moved out, the storage has one owner and is written in place.
        var values = self.logits ?? []
        self.logits = nil
        Prediction.fill(&values, logits)
        self.logits = values
    }

    /// The same prediction with other outputs, and without logits.
    func replacing(outputs: [Float]) -> Prediction {
        var prediction = self
        prediction.outputs = outputs
        prediction.logits = nil
        return prediction
    }

    private static func fill(_ array: inout [Float], _ values: UnsafeBufferPointer<Float>) {
        if array.count == values.count {
            for index in values.indices { array[index] = values[index] }
        } else {
            array = Array(values)
        }
    }
}
