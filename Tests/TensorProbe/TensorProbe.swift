import EmotionFormerSystem
import EmotionFormerTensors
import FoundationEssentials

/// Does what each line of standard input asks for and answers with a line: how `Tools/tests/test_tensors.py` holds the
/// tensor library against NumPy.
@main
struct TensorProbe {
    static func main() throws {
        let (decoder, encoder) = (JSONDecoder(), JSONEncoder())
        while let line = readLine() {
            let answer: Answer
            do {
                answer = try decoder.decode(Request.self, from: Data(line.utf8)).answer()
            } catch let error as TensorError {
                answer = Answer(error: error.description)
            } catch let error as ProbeError {
                answer = Answer(error: "probe: \(error.line)")
            }
            print(String(decoding: try encoder.encode(answer), as: UTF8.self))
            fflush(nil)
        }
    }
}
