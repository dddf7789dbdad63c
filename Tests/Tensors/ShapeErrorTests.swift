import EmotionFormerTensors
import Testing

@Suite struct ShapeErrorTests {
    private func refusal<Result>(_ body: () throws(TensorError) -> Result) -> TensorError? {
        do throws(TensorError) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    @Test("shapes that do not fit are in the error, both of them")
    func shapes() throws {
        let x = try Tensor<Float>.zeros([2, 3])
        let error = refusal { () throws(TensorError) in try x.adding(.zeros([4])) }
        #expect(error?.code == .shapeMismatch)
        #expect(error?.shapes == [[2, 3], [4]])
        #expect(
            error?.description
                == "broadcast: the shapes do not broadcast together (found [2, 3] and [4])")
        #expect(refusal { () throws(TensorError) in try x.matmul(x) }?.shapes == [[2, 3], [2, 3]])
        #expect(refusal { () throws(TensorError) in try x.reshaped(to: [4, -1]) }?.code == .shapeMismatch)
        #expect(refusal { () throws(TensorError) in try x.sum(axes: 2) }?.code == .invalidArgument)
        #expect(refusal { () throws(TensorError) in try x.slice(2) }?.code == .outOfBounds)
        #expect(refusal { () throws(TensorError) in try Tensor<Float>.zeros([-1]) }?.code == .invalidArgument)
        #expect(refusal { () throws(TensorError) in try Tensor<Float>.zeros([1 << 40, 1 << 40]) }?.code == .tooLarge)
        #expect(refusal { () throws(TensorError) in try Tensor<Float>.zeros([1 << 40]) }?.code == .tooLarge)
    }
}
