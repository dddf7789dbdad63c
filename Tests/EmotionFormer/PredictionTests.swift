import EmotionFormer
import Testing

@Suite("Predictions")
struct PredictionTests {
    private let prediction = Prediction(
        labels: ["Angry", "Happy", "Sad"], outputs: [0.25, 0.5, 0.25], logits: [0, 1, 0], framesUsed: 7)

    @Test("The label is the most probable one, and probabilities are found by name")
    func label() {
        #expect(prediction.label == "Happy")
        #expect(prediction.labelIndex == 1)
        #expect(prediction["Sad"] == 0.25)
        #expect(prediction["sad"] == nil)
    }

    @Test("Of labels that are equally probable the first is given", arguments: 0..<3)
    func ties(index: Int) {
        var probabilities: [Float] = [0.4, 0.4, 0.4]
        for place in 0..<index { probabilities[place] = 0.1 }
        let prediction = Prediction(
            labels: ["a", "b", "c"], outputs: probabilities, logits: nil, framesUsed: 1)
        #expect(prediction.labelIndex == index)
        #expect(prediction.label == ["a", "b", "c"][index])
        #expect(prediction.top(1).map(\.label) == [prediction.label])
    }

    @Test("The order of confidence puts equals in the labels' order, and is as long as asked")
    func top() {
        #expect(prediction.top(9).map(\.label) == ["Happy", "Angry", "Sad"])
        #expect(prediction.top(1).map(\.output) == [0.5])
        #expect(prediction.top(-1).isEmpty)
    }

    @Test("Labels and numbers that are not as many are answered too, by what there is")
    func uneven() throws {
        let short = Prediction(labels: ["Angry", "Happy"], outputs: [0.5], logits: nil, framesUsed: 1)
        #expect(short["Happy"] == nil && short["Angry"] == 0.5)
        #expect(short.label == "Angry")
        #expect(short.top(2).map(\.label) == ["Angry"])
        let long = Prediction(labels: ["Angry"], outputs: [0.25, 0.75], logits: nil, framesUsed: 1)
        #expect(long.label == "" && long.labelIndex == 1)
        #expect(long.top(2).map(\.label) == ["Angry"])
        let empty = Prediction()
        #expect(empty["Angry"] == nil && empty.label == "" && empty.labelIndex == 0 && empty.top(3).isEmpty)
        for bad in [short, long] {
            let error = #expect(throws: EmotionFormerError.self) { try Evaluation([bad], truths: [bad.labels[0]]) }
            #expect(error?.code == .invalidArgument && error?.place == "prediction 0")
        }
    }

    @Test("Outputs are probabilities if each lies from 0 to 1 and all sum to 1, within rounding")
    func probabilities() {
        func fault(_ values: [Float]) -> String? { Prediction.probabilityFault(values, labels: ["a", "b", "c"]) }
        #expect(fault([0.25, 0.5, 0.25]) == nil)
        #expect(fault([0.2504, 0.5, 0.25]) == nil)
        #expect(fault([1, -1e-7, 0]) == nil)
        #expect(fault([1]) == nil)
        // An int8 softmax gives multiples of 1/256, each rounded by itself.
        let third: Float = 85 / 256
        #expect(fault([third, third, third]) == nil)
        #expect(fault([0.25, 0.502, 0.25]) == "the outputs sum to 1.002")
        #expect(fault([-0.2, 0.7, 0.5]) == "the output for a is -0.2")
        #expect(fault([0, 0, 2]) == "the output for c is 2.0")
        #expect(fault([0.25, 0.25, 0.25]) == "the outputs sum to 0.75")
        #expect(fault([0, .nan, 1]) == "the output for b is nan")
        #expect(fault([]) == "the outputs sum to 0.0")
        #expect(prediction.areProbabilities)
        #expect(!Prediction(labels: ["a"], outputs: [3e38], logits: nil, framesUsed: 1).areProbabilities)
    }
}
