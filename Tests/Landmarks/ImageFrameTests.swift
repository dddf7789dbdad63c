import EmotionFormerLandmarks
import EmotionFormerTestSupport
import Testing

@Suite("Pictures in memory")
struct ImageFrameTests {
    @Test("A picture without pixels, with rows that overlap, cut short or too large is refused")
    func sizes() {
        func picture(
            _ width: Int, _ height: Int, _ bytesPerRow: Int? = nil, format: ImageFrame.Format = .rgb, count: Int
        ) -> String {
            refusal {
                try ImageFrame(
                    format: format, width: width, height: height, bytesPerRow: bytesPerRow,
                    bytes: [UInt8](repeating: 0, count: count))
            }
        }
        #expect(picture(1, 1, count: 3) == "accepted")
        #expect(picture(2, 2, 8, count: 14) == "accepted", "what follows the last pixel of the last row is not needed")
        #expect(picture(2, 2, 8, format: .bgra, count: 16) == "accepted")
        for (width, height) in [(0, 2), (2, 0), (-1, 2)] {
            #expect(
                picture(width, height, count: 12)
                    == "picture: the picture has no pixels (found \(width) × \(height), expected 1 × 1 or more)")
        }
        #expect(
            picture(32_767, 1, count: 1)
                == "picture: the picture is too large (found 32767 × 1, expected at most 32766 a side and 268435456 pixels)"
        )
        #expect(picture(32_000, 32_000, count: 1).hasPrefix("picture: the picture is too large"))
        #expect(
            picture(2, 2, 5, count: 12)
                == "bytesPerRow: the rows overlap (found 5, expected 6 or more for 2 pixels of format 'rgb')")
        #expect(
            picture(2, 2, -6, count: 12)
                == "bytesPerRow: the rows overlap (found -6, expected 6 or more for 2 pixels of format 'rgb')")
        #expect(
            picture(2, 2, count: 11)
                == "picture: the bytes end before the picture does (found 11 bytes, expected 2 × 2 pixels in rows of 6 bytes)"
        )
        #expect(
            picture(2, 2, .max, count: 11)
                == "picture: the bytes end before the picture does (found 11 bytes, expected 2 × 2 pixels in rows of \(Int.max) bytes)"
        )
        #expect(
            picture(2, 3, .max, count: 11)
                == "picture: the bytes end before the picture does (found 11 bytes)")
    }
}
