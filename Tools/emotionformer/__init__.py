"""The tools of EmotionFormer for Swift, a folder each."""
