import EmotionFormerCore
import EmotionFormerTestSupport
import Testing

@Suite struct TensorTests {
    @Test("a tensor has as many elements as its shape")
    func shapes() throws {
        #expect(
            refusal { try Tensor([1, 2, 3] as [Float], shape: Shape([2, 2])) }
                == "tensor: the number of elements does not fit the shape [2, 2] (found 3, expected 4)")
        let tensor = try Tensor([1, 2, 3, 4] as [Float], shape: Shape([2, 2]))
        #expect(try tensor.reshaped(to: Shape([4])).elements(as: Float.self) == [1, 2, 3, 4])
        #expect(
            refusal { try tensor.reshaped(to: Shape([3])) }
                == "reshape: the number of elements differs (found [2, 2], expected [3])")
        #expect(tensor.elements(as: Int32.self) == nil)
    }

    @Test("memory begins at a multiple of 64 and is zero where nothing is written")
    func memory() throws {
        let tensor = Tensor(.float32, try Shape([5])) { _ in }
        tensor.withUnsafeBytes {
            #expect(Int(bitPattern: $0.baseAddress) % 64 == 0)
            #expect($0.count == 20)
            #expect($0.allSatisfy { $0 == 0 })
        }
    }

    @Test("half-precision numbers of every kind have their values")
    func halves() {
        let halves: [(UInt16, Float)] = [
            (0x0000, 0), (0x3C00, 1), (0xC000, -2), (0x7BFF, 65504), (0x0001, 0x1p-24), (0x03FF, 0x1.ff8p-15),
            (0x0400, 0x1p-14), (0x7C00, .infinity), (0xFC00, -.infinity), (0x3555, 0x1.554p-2),
        ]
        for (bits, value) in halves { #expect(Float(halfBits: bits) == value) }
        #expect(Float(halfBits: 0x7E00).isNaN)
        #expect(Float(halfBits: 0x8000).sign == .minus)
    }

    @Test("elements convert whatever their type")
    func conversion() {
        #expect(Tensor([-1, 2] as [Int8]).doubles == [-1, 2])
        #expect(Tensor([true, false]).integers == [1, 0])
        #expect(Tensor([Int64.max]).integers == [Int.max])
        #expect(Tensor([1.5] as [Float]).integers == nil)
    }

    @Test("a fault is one line, with control characters shown")
    func faults() {
        let fault = Fault(.invalidValue, at: "a\nb", "wrong", found: "\u{1}", expected: "good").within("file")
        #expect(fault.description == "file: a\\nb: wrong (found \\u{01}, expected good)")
        #expect(!fault.description.contains("\n"))
    }
}
