import EmotionFormer
import Testing

@Suite("Predictions")
struct PredictionTests {
    private let prediction = Prediction(
        labels: ["Angry", "Happy", "Sad"], probabilities: [0.25, 0.5, 0.25], logits: [0, 1, 0], framesUsed: 7)

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
            labels: ["a", "b", "c"], probabilities: probabilities, logits: nil, framesUsed: 1)
        #expect(prediction.labelIndex == index)
        #expect(prediction.label == ["a", "b", "c"][index])
        #expect(prediction.top(1).map(\.label) == [prediction.label])
    }

    @Test("The order of confidence puts equals in the labels' order, and is as long as asked")
    func top() {
        #expect(prediction.top(9).map(\.label) == ["Happy", "Angry", "Sad"])
        #expect(prediction.top(1).map(\.probability) == [0.5])
        #expect(prediction.top(-1).isEmpty)
    }
}
