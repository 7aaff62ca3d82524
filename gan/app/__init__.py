"""Streamlit: session state, cached loaders, the player, the live route."""
